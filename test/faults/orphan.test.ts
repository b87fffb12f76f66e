import { randomBytes, randomUUID } from 'node:crypto'

import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { cleanUp } from '#services/clean-up.ts'
import { removeOrphan } from '#services/remove-orphan.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { flagOrphan } from '#store/blob-removal.ts'
import { temporaryFolder } from '#test/storage/folder.ts'
import { collect, putBlob } from '#test/storage/bytes.ts'
import { outcome } from '#test/support/client.ts'
import { pushBlob } from '#test/support/image.ts'
import { altered, faultsOf, finish, octetStream, startUpload, startWithWriter } from './writer.ts'

test('a push that dies between bytes and row leaves nothing after the clean-up, and can be made again', async () => {
  const inner = openMemoryDriver()
  let isDying = true
  const bytes = randomBytes(1000)
  const digest = digestOf(bytes)
  // The process is gone for a minute: it never hears that the bytes are in place, and loses its lease.
  const server = await startWithWriter(
    altered(inner, {
      async finishUpload(...upload) {
        await inner.finishUpload(...upload)
        if (!isDying) return
        isDying = false
        server.clock.advance(120)
        await cleanUp(server.deps)
      },
    }),
  )
  expect(await outcome(finish(server.push, await startUpload(server.push), digest, bytes))).toEqual(
    [409, 'BLOB_UPLOAD_INVALID'],
  )
  expect(await collect(inner.listBlobs())).toEqual([])
  expect(await faultsOf(server.deps)).toEqual([])

  await pushBlob(server.push, 'ada/app', bytes)
  expect(await faultsOf(server.deps)).toEqual([])
})

test('a push whose rows are refused takes its bytes away again', async () => {
  const inner = openMemoryDriver()
  const bytes = randomBytes(1000)
  const server = await startWithWriter(
    altered(inner, {
      async finishUpload(...upload) {
        await inner.finishUpload(...upload)
        await server.deps.db
          .updateTable('repository')
          .set({ state: 'MARKED_FOR_DELETION' })
          .execute()
      },
    }),
  )
  const location = await startUpload(server.push)
  const answer = finish(server.push, location, digestOf(bytes), bytes)
  expect(await outcome(answer)).toEqual([404, 'NAME_UNKNOWN'])
  expect([await collect(inner.listBlobs()), await collect(inner.listUploads())]).toEqual([[], []])
})

test('a push of a digest whose bytes are being removed waits, and its own bytes stay', async () => {
  const blobs = openMemoryDriver()
  const server = await startWithWriter(blobs)
  const bytes = randomBytes(1000)
  const digest = await putBlob(blobs, bytes)
  const { db, clock } = server.deps
  const removal = await flagOrphan(db, { digest, sizeBytes: 1000, at: clock.now() })
  const pushed = pushBlob(server.push, 'ada/app', bytes)
  // The push has put up its flag; the remover was too late to see it, and removes.
  await expect
    .poll(() => db.selectFrom('upload').select('finishing_digest').execute())
    .toEqual([{ finishing_digest: digest }])
  await blobs.removeBlob(digest)
  await db.deleteFrom('blob').where('id', '=', removal!.blobId).execute()
  await pushed
  expect((await server.push('GET', `/v2/ada/app/blobs/${digest}`)).bytes).toEqual(
    new Uint8Array(bytes),
  )
})

test('a removal lets go of a digest that somebody is pushing', async () => {
  const inner = openMemoryDriver()
  const answers: boolean[] = []
  const server = await startWithWriter(
    altered(inner, {
      async finishUpload(...upload) {
        await inner.finishUpload(...upload)
        answers.push(await removeOrphan(server.deps, upload[1]))
      },
    }),
  )
  const digest = await pushBlob(server.push, 'ada/app', randomBytes(1000))
  expect(answers).toEqual([false])
  expect((await server.push('GET', `/v2/ada/app/blobs/${digest}`)).status).toBe(200)
  expect(await faultsOf(server.deps)).toEqual([])
})

test('a removal that died is ended by the clean-up after an hour, and pushes go on', async () => {
  const blobs = openMemoryDriver()
  const server = await startWithWriter(blobs)
  const { deps, clock } = server
  const bytes = randomBytes(1000)
  const digest = await putBlob(blobs, bytes)
  await flagOrphan(deps.db, { digest, sizeBytes: 1000, at: clock.now() })
  expect(await faultsOf(deps)).toEqual([])
  clock.advance(3601)
  expect(await faultsOf(deps)).toEqual([expect.stringContaining(`unfinished removal: ${digest}`)])
  await cleanUp(deps)
  expect([await faultsOf(deps), await collect(blobs.listBlobs())]).toEqual([[], []])
})

test('a finish that dies before the bytes are in place leaves an upload that goes on', async () => {
  const inner = openMemoryDriver()
  let isDying = true
  const bytes = randomBytes(1000)
  const digest = digestOf(bytes)
  const server = await startWithWriter(
    altered(inner, {
      async finishUpload(...upload) {
        if (!isDying) return inner.finishUpload(...upload)
        isDying = false
        server.clock.advance(120)
        await cleanUp(server.deps)
        throw new Error('the process is gone')
      },
    }),
  )
  const location = await startUpload(server.push)
  await server.push('PATCH', location, {
    headers: octetStream,
    body: bytes,
  })
  expect((await finish(server.push, location, digest)).status).toBe(500)
  expect(await faultsOf(server.deps)).toEqual([])
  server.clock.advance(120)
  expect((await finish(server.push, location, digest)).status).toBe(201)
  expect(await faultsOf(server.deps)).toEqual([])
})

test('orphans are removed while many push the same bytes: no push is lost, and nothing is left', async () => {
  const blobs = await openFilesystemDriver(await temporaryFolder())
  const server = await startWithWriter(blobs)
  const { deps } = server
  const contents = Array.from({ length: 3 }, () => randomBytes(2000))
  const working = new AbortController()
  const removing = async () => {
    for (let turn = 0; !working.signal.aborted; turn += 1) {
      const bytes = contents[turn % contents.length]!
      await removeOrphan(deps, digestOf(bytes))
      if (turn % 5 === 0) await cleanUp(deps, { graceSeconds: 0, withWalk: true })
    }
  }
  const removers = [removing(), removing()]
  const pushing = async (name: string) => {
    const push = await server.registry('ada', `repository:ada/${name}:pull,push,delete`)
    for (let turn = 0; turn < 25; turn += 1) {
      const bytes = contents[turn % contents.length]!
      const digest = await pushBlob(push, `ada/${name}`, bytes)
      const { status, bytes: got } = await push('GET', `/v2/ada/${name}/blobs/${digest}`)
      expect([status, Buffer.from(got).equals(bytes)]).toEqual([200, true])
      // With its rows gone the digest is an orphan again: there is no collector of blobs yet.
      const { db } = deps
      await push('DELETE', `/v2/ada/${name}/blobs/${digest}`)
      await db
        .deleteFrom('blob')
        .where('digest', '=', digest)
        .where('removing_since', 'is', null)
        .where('id', 'not in', db.selectFrom('repository_blob').select('blob_id'))
        .execute()
        .catch(() => undefined)
    }
  }
  const pushed = await Promise.allSettled(['a', 'b', 'c', 'd'].map(pushing))
  working.abort()
  await Promise.all(removers)
  expect(pushed.map((each) => (each.status === 'rejected' ? String(each.reason) : 'ok'))).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
  ])
  await cleanUp(deps, { graceSeconds: 0, withWalk: true })
  expect(await faultsOf(deps)).toEqual([])
})

test.for([
  ['sent with the last request', 0, 1],
  ['sent before', 1000, 0],
] as const)(
  'the clean-up needs no walk to find bytes whose server died before their row: %s',
  async ([, offsetBytes, uploadsLeft]) => {
    const blobs = openMemoryDriver()
    const { deps, push, clock } = await startWithWriter(blobs)
    await startUpload(push)
    const digest = await putBlob(blobs, randomBytes(1000))
    await deps.db
      .updateTable('upload')
      .set({
        offset_bytes: offsetBytes,
        finishing_digest: digest,
        lease_token: randomUUID(),
        leased_until: clock.now(),
      })
      .execute()
    await cleanUp(deps)
    clock.advance(1)
    await cleanUp(deps)
    expect(await collect(blobs.listBlobs())).toEqual([])
    expect(await faultsOf(deps)).toEqual([])
    expect(await deps.db.selectFrom('upload').selectAll().execute()).toHaveLength(uploadsLeft)
  },
)

test('an upload whose takeover was cut short goes on with the bytes of the writer before', async () => {
  const blobs = openMemoryDriver()
  const { deps, push, clock } = await startWithWriter(blobs)
  const bytes = randomBytes(1000)
  const location = await startUpload(push)
  await push('PATCH', location, { headers: octetStream, body: bytes })
  const id = location.split('/').at(-1)!
  // A process has taken it over, has copied half of it, and is gone.
  await deps.db
    .updateTable('upload')
    .set({ generation: 1, lease_token: randomUUID(), leased_until: clock.now() })
    .execute()
  await blobs.copyUpload(`${id}-0`, `${id}-1`, 500)
  clock.advance(1)
  expect(await faultsOf(deps)).toEqual([])
  expect((await finish(push, location, digestOf(bytes))).status).toBe(201)
  expect([await collect(blobs.listUploads()), await faultsOf(deps)]).toEqual([[], []])
})

test('bytes of uploads without a row go after an hour', async () => {
  const blobs = openMemoryDriver()
  const { deps, clock } = await startWithWriter(blobs)
  const id = `${randomUUID()}-0`
  await (await blobs.openUpload(id, 0)).close()
  expect(await faultsOf(deps)).toEqual([`orphaned bytes: no row names upload ${id} (0 bytes)`])
  expect(await cleanUp(deps)).toMatchObject({ orphanedUploads: 0 })
  clock.advance(3_700)
  expect(await cleanUp(deps)).toMatchObject({ orphanedUploads: 1 })
  expect(await faultsOf(deps)).toEqual([])
})
