import assert from 'node:assert'

/** Buffers of one size for use again and again, so that bulk bytes do not pass through the garbage collector. */
export interface BufferPool {
  /** A buffer, or undefined when all are lent: the caller then does with less, and never waits for another client. */
  take(): Buffer | undefined
  /** Takes a buffer back for the next one who asks. */
  give(buffer: Buffer): void
  /** Gives up a buffer that something may still read from or write to; the pool makes another when it needs one. */
  drop(): void
}

/** A pool of at most `limit` buffers, each made by `allocate` when first needed and kept from then on. */
export function createBufferPool(limit: number, allocate: () => Buffer): BufferPool {
  const idle: Buffer[] = []
  let lent = 0
  return {
    take() {
      if (lent === limit) return undefined
      lent += 1
      return idle.pop() ?? allocate()
    },
    give(buffer) {
      assert(lent > 0)
      lent -= 1
      idle.push(buffer)
    },
    drop() {
      assert(lent > 0)
      lent -= 1
    },
  }
}
