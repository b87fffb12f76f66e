import { expect, test } from 'vitest'

import { makeWorkQueue } from '#domain/work-queue.ts'

/** Work that ends when the test says so. */
function makeWork() {
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<string>>()
  return {
    begun,
    end: (name: string) => ends.get(name)!.resolve(name),
    fail: (name: string) => ends.get(name)!.reject(new Error(name)),
    start(name: string) {
      begun.push(name)
      const end = Promise.withResolvers<string>()
      ends.set(name, end)
      return end.promise
    },
  }
}

test('no more than so many pieces are under way, and the others follow in their order', async () => {
  const run = makeWorkQueue({ atOnce: 2, waiting: 10 })
  const { begun, end, start } = makeWork()
  const all = ['a', 'b', 'c', 'd'].map((name) => run(() => start(name)))
  expect(begun).toEqual(['a', 'b'])
  end('b')
  expect(await all[1]).toBe('b')
  await expect.poll(() => begun).toEqual(['a', 'b', 'c'])
  for (const name of ['a', 'c']) end(name)
  await expect.poll(() => begun).toEqual(['a', 'b', 'c', 'd'])
  end('d')
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
})

test('who finds too many waiting is told to come back, and is not begun', async () => {
  const run = makeWorkQueue({ atOnce: 1, waiting: 1 })
  const { begun, end, start } = makeWork()
  const both = ['a', 'b'].map((name) => run(() => start(name)))
  await expect(run(() => start('c'))).rejects.toMatchObject({
    code: 'unavailable',
    options: { headers: { 'Retry-After': '5' } },
  })
  end('a')
  await expect.poll(() => begun).toEqual(['a', 'b'])
  end('b')
  await Promise.all(both)
  const later = run(() => start('d'))
  end('d')
  expect(await later).toBe('d')
})

test('a piece that fails makes place for the next', async () => {
  const run = makeWorkQueue({ atOnce: 1, waiting: 1 })
  const { end, fail, start } = makeWork()
  const first = run(() => start('a'))
  const second = run(() => start('b'))
  fail('a')
  await expect(first).rejects.toThrow('a')
  await expect.poll(() => end('b')).toBeUndefined()
  expect(await second).toBe('b')
})
