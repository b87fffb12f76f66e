import { randomBytes, randomUUID } from 'node:crypto'

import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import type { Deps } from '#deps.ts'
import { purgeRepository } from '#services/purge-repository.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { markRepositoryForDeletion } from '#store/repository.ts'
import { collect, putBlob } from '#test/storage/bytes.ts'
import type { Call } from '#test/support/client.ts'
import { altered, faultsOf, finish, octetStream, startUpload, startWithWriter } from './writer.ts'

/** Deletes the one repository as far as a caller sees it; gives its id. */
async function markForDeletion({ db }: Deps): Promise<number> {
  const { id } = await db.selectFrom('repository').select('id').executeTakeFirstOrThrow()
  await db.transaction().execute((tx) => markRepositoryForDeletion(tx, id))
  return id
}

test('a repository that is deleted takes the bytes of its open uploads with it', async () => {
  const blobs = openMemoryDriver()
  const { deps, push } = await startWithWriter(blobs)
  const location = await startUpload(push)
  await push('PATCH', location, { headers: octetStream, body: randomBytes(1000) })
  await purgeRepository(deps, await markForDeletion(deps))
  expect([await collect(blobs.listUploads()), await faultsOf(deps)]).toEqual([[], []])
})

test('a deletion of a repository that is cut short still knows the bytes that a failed finish has left', async () => {
  const inner = openMemoryDriver()
  let isDying = true
  const { deps, push } = await startWithWriter(
    altered(inner, {
      async removeUpload(id) {
        if (isDying) throw new Error('the process is gone')
        await inner.removeUpload(id)
      },
      async removeBlob(digest) {
        if (isDying) throw new Error('the process is gone')
        await inner.removeBlob(digest)
      },
    }),
  )
  await startUpload(push)
  const digest = await putBlob(inner, randomBytes(1000))
  await deps.db.updateTable('upload').set({ finishing_digest: digest }).execute()
  const id = await markForDeletion(deps)
  await expect(purgeRepository(deps, id)).rejects.toThrow('the process is gone')
  isDying = false
  await purgeRepository(deps, id)
  expect([await collect(inner.listBlobs()), await faultsOf(deps)]).toEqual([[], []])
  expect(await deps.db.selectFrom('repository').select('id').execute()).toEqual([])
})

test('a repository that is deleted under a push goes when the push is over', async () => {
  const blobs = openMemoryDriver()
  const { deps, push, clock } = await startWithWriter(blobs)
  await startUpload(push)
  const digest = await putBlob(blobs, randomBytes(1000))
  await deps.db
    .updateTable('upload')
    .set({
      finishing_digest: digest,
      lease_token: randomUUID(),
      leased_until: new Date(clock.now().getTime() + 60_000),
    })
    .execute()
  const id = await markForDeletion(deps)
  await purgeRepository(deps, id)
  expect(await deps.db.selectFrom('repository').select('id').execute()).toEqual([{ id }])
  const { rows } = await sql`
    select task_identifier, run_at > ${clock.now()} as later from graphile_worker.jobs`.execute(
    deps.db,
  )
  expect(rows).toEqual([{ task_identifier: 'purge-repository', later: true }])
  clock.advance(120)
  await purgeRepository(deps, id)
  expect([await collect(blobs.listBlobs()), await faultsOf(deps)]).toEqual([[], []])
  expect(await deps.db.selectFrom('repository').select('id').execute()).toEqual([])
})

const other = Buffer.from('other')

test.for([
  ['cancelled', 204, (push: Call, at: string) => push('DELETE', at)],
  ['made another blob', 201, (push: Call, at: string) => finish(push, at, digestOf(other), other)],
  ['refused', 400, (push: Call, at: string) => finish(push, at, digestOf(other), Buffer.of(1))],
] as const)(
  'an upload that is %s takes along what an earlier finish has left',
  async ([, status, end]) => {
    const blobs = openMemoryDriver()
    const { deps, push } = await startWithWriter(blobs)
    const location = await startUpload(push)
    const digest = await putBlob(blobs, randomBytes(1000))
    await deps.db.updateTable('upload').set({ finishing_digest: digest }).execute()
    expect((await end(push, location)).status).toBe(status)
    expect(await blobs.findBlobSize(digest)).toBeUndefined()
    expect(await faultsOf(deps)).toEqual([])
  },
)
