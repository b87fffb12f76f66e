import { createHook } from 'node:async_hooks'

import { expect, test } from 'vitest'

import { listen } from '#http/server.ts'

test('a server that was drained leaves no timer behind', async () => {
  const running = new Set<number>()
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && running.add(id)),
    destroy: (id) => void running.delete(id),
  }).enable()
  const listener = await listen((_, response) => response.end(), { bind: ['127.0.0.1'], port: 0 })
  const watching = [...running]
  await listener.drain()
  expect(watching).not.toEqual([])
  await expect.poll(() => watching.filter((id) => running.has(id))).toEqual([])
  hook.disable()
})
