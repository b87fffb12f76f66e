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
