/**
 * Goes through a list that is read in pages of `limit` items: `read` gives the page after an item, or the first one.
 * Only one page is in memory.
 */
export async function* pages<T>(
  read: (after: T | undefined, limit: number) => Promise<T[]>,
  limit = 500,
): AsyncGenerator<T> {
  let after: T | undefined
  for (;;) {
    const page = await read(after, limit)
    yield* page
    if (page.length < limit) return
    after = page.at(-1)
  }
}

/** Pairs two lists that are sorted by the same key, byte by byte. An item without a partner comes alone. */
export async function* pairs<L, R>(
  left: AsyncIterable<L>,
  right: AsyncIterable<R>,
  keys: { left: (item: L) => string; right: (item: R) => string },
): AsyncGenerator<{ left?: L; right?: R }> {
  const lefts = left[Symbol.asyncIterator]()
  const rights = right[Symbol.asyncIterator]()
  let a = await lefts.next()
  let b = await rights.next()
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compare(keys.left(a.value), keys.right(b.value))
    yield {
      ...(order <= 0 && !a.done ? { left: a.value } : {}),
      ...(order >= 0 && !b.done ? { right: b.value } : {}),
    }
    if (order <= 0) a = await lefts.next()
    if (order >= 0) b = await rights.next()
  }
}

const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1)
