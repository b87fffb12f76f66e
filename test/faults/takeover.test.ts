import { randomBytes, randomUUID } from 'node:crypto'

import { expect, onTestFinished, test, vi } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { BlobDriver } from '#storage/driver.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { collect } from '#test/storage/bytes.ts'
import { outcome } from '#test/support/client.ts'
import { altered, faultsOf, finish, octetStream, startUpload, startWithWriter } from './writer.ts'

const bytes = randomBytes(1000)

/** An upload that has all its bytes, and whose writer is gone: the next one goes on in a copy. */
async function startTakeover(copyUpload: BlobDriver['copyUpload'], inner = openMemoryDriver()) {
  const server = await startWithWriter(altered(inner, { copyUpload }))
  const location = await startUpload(server.push)
  await server.push('PATCH', location, { headers: octetStream, body: bytes })
  await server.deps.db
    .updateTable('upload')
    .set({ lease_token: randomUUID(), leased_until: new Date(0) })
    .execute()
  const end = () => finish(server.push, location, digestOf(bytes))
  return { ...server, location, end }
}

test('a takeover keeps its lease while it copies, however long that takes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const inner = openMemoryDriver()
  const { deps, clock, end } = await startTakeover(async (...copy) => {
    const leasedUntil = async () => {
      const row = await deps.db
        .selectFrom('upload')
        .select('leased_until')
        .executeTakeFirstOrThrow()
      return row.leased_until!.getTime()
    }
    for (const pastSeconds of [50, 50]) {
      clock.advance(pastSeconds)
      vi.advanceTimersByTime(20_000)
      await expect.poll(leasedUntil).toBeGreaterThan(clock.now().getTime() + 50_000)
    }
    // Another request finds the upload busy, and not given up.
    expect(await outcome(end())).toEqual([409, 'BLOB_UPLOAD_INVALID'])
    await inner.copyUpload(...copy)
  }, inner)
  expect(await outcome(end())).toEqual([201])
  expect([await collect(inner.listUploads()), await faultsOf(deps)]).toEqual([[], []])
})

test('a takeover whose copy fails gives its lease back at once, and the next one begins anew', async () => {
  const inner = openMemoryDriver()
  let copies = 0
  const { deps, end } = await startTakeover(async (...copy) => {
    copies += 1
    if (copies === 1) throw new RegistryError('storage_full', 'there is no room')
    await inner.copyUpload(...copy)
  }, inner)
  expect(await outcome(end())).toEqual([503, 'UNAVAILABLE'])
  expect(await outcome(end())).toEqual([201])
  expect(copies).toBe(2)
  expect([await collect(inner.listUploads()), await faultsOf(deps)]).toEqual([[], []])
})

test('a takeover that lost its lease while it copied leaves the bytes of the writer before', async () => {
  const inner = openMemoryDriver()
  const { deps, clock, location, end } = await startTakeover(async (...copy) => {
    await inner.copyUpload(...copy)
    await deps.db
      .updateTable('upload')
      .set({ lease_token: randomUUID(), leased_until: clock.now() })
      .execute()
  }, inner)
  expect(await outcome(end())).toEqual([409, 'BLOB_UPLOAD_INVALID'])
  expect(await inner.findUploadSize(`${location.split('/').at(-1)}-0`)).toBe(bytes.length)
})
