/** The `next_page` of a list by keyset: opaque to clients, the last id of the page to us. */
export function writePageToken(lastId: number): string {
  return Buffer.from(JSON.stringify({ after: lastId })).toString('base64url')
}

/** The id after which the page begins; 0, the first page, for a token that is none (Quay's rule). */
export function readPageToken(token: string | undefined): number {
  try {
    const { after } = JSON.parse(Buffer.from(token ?? '', 'base64url').toString('utf8')) as {
      after: unknown
    }
    return typeof after === 'number' && Number.isSafeInteger(after) && after > 0 ? after : 0
  } catch {
    return 0
  }
}

/**
 * The page of `size` rows out of what was read with one row more, which tells whether there is another page. `next` is
 * the field of the answer that leads there.
 */
export function cutPage<T extends { id: number }>(
  rows: readonly T[],
  size: number,
): { page: T[]; next: { next_page?: string } } {
  const page = rows.slice(0, size)
  const last = rows.length > size ? page.at(-1) : undefined
  return { page, next: last ? { next_page: writePageToken(last.id) } : {} }
}
