import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { cleanUp } from '#services/clean-up.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { makeCall, outcome } from '#test/support/client.ts'
import { createDatabase } from '#test/support/database.ts'
import { startServer, registryToken, type TestServer } from '#test/support/server.ts'
import { newOwner, type Owner } from '#test/support/shared.ts'
import { beginUpload, bytesTaken, eventually, sendPart, uploadAt } from '#test/support/upload.ts'

const bytes = Buffer.alloc(600_000, 'all work and no play makes jack a dull boy. ')
const digest = digestOf(bytes)

async function uploadsIn({ deps }: TestServer) {
  const found: number[] = []
  for await (const { sizeBytes } of deps.blobs.listUploads()) found.push(sizeBytes)
  return found
}

/** A folder for blobs that goes away with the test. */
async function blobFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-uploads-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function headOf(server: TestServer, owner: Owner, request: string, more: string[]) {
  const scope = `repository:${owner.fullName}:pull,push`
  const token = await registryToken(server.call, server.host, owner.name, [scope])
  return [
    `${request} HTTP/1.1`,
    `Host: ${server.host}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/octet-stream',
    ...more,
  ]
}

test('an upload that nobody writes to expires, and the clean-up removes its bytes', async () => {
  const server = await startServer()
  const owner = await newOwner(server)
  const [old, young] = [await beginUpload(owner), await beginUpload(owner)]
  await old.patch(bytes.subarray(0, 10))
  await young.patch(bytes.subarray(0, 20))
  server.clock.advance(86_400)
  const push = await server.registry(owner.name, `repository:${owner.fullName}:pull,push`)
  expect((await uploadAt(push, young.location).patch(bytes.subarray(20, 30))).status).toBe(202)
  server.clock.advance(86_400 + 1)
  const later = await server.registry(owner.name, `repository:${owner.fullName}:pull,push`)
  expect(await uploadAt(later, old.location).status()).toEqual([404, null])
  expect(await outcome(uploadAt(later, old.location).patch(bytes))).toEqual([
    404,
    'BLOB_UPLOAD_UNKNOWN',
  ])
  expect(await uploadAt(later, young.location).status()).toEqual([204, '0-29'])
  await cleanUp(server.deps)
  expect(await uploadsIn(server)).toEqual([30])
  expect(await server.deps.db.selectFrom('upload').selectAll().execute()).toHaveLength(1)
})

test('what a client had sent when its connection broke is kept, and the upload goes on from there', async () => {
  const server = await startServer()
  const owner = await newOwner(server)
  const upload = await beginUpload(owner)
  const lines = await headOf(server, owner, `PATCH ${upload.location}`, [
    `Content-Length: ${bytes.length}`,
  ])
  const socket = await sendPart(server, lines, bytes.subarray(0, 250_000))
  await eventually(
    () => bytesTaken(server),
    (taken) => taken === 250_000,
  )
  // While it sends, nobody else may write.
  expect(await outcome(upload.patch(bytes))).toEqual([409, 'BLOB_UPLOAD_INVALID'])
  expect(await outcome(owner.push('DELETE', upload.location))).toEqual([409, 'BLOB_UPLOAD_INVALID'])
  expect(await outcome(upload.put(digest))).toEqual([409, 'BLOB_UPLOAD_INVALID'])
  expect(await upload.status()).toEqual([204, '0-0'])
  socket.destroy()
  expect(await eventually(upload.status, ([, held]) => held !== '0-0')).toEqual([204, '0-249999'])
  const range = `250000-${bytes.length - 1}`
  expect(await outcome(upload.put(digest, bytes.subarray(250_000), range))).toEqual([201])
  expect(digestOf((await owner.push('GET', `${owner.path}/blobs/${digest}`)).bytes)).toBe(digest)
})

test('the same holds for chunked transfer and for the last request', async () => {
  const server = await startServer()
  const owner = await newOwner(server)
  const upload = await beginUpload(owner)
  const chunked = await headOf(server, owner, `PATCH ${upload.location}`, [
    'Transfer-Encoding: chunked',
  ])
  const part = Buffer.concat([Buffer.from('3e8\r\n'), bytes.subarray(0, 1000), Buffer.from('\r\n')])
  const first = await sendPart(server, chunked, part)
  await eventually(
    () => bytesTaken(server),
    (taken) => taken === 1000,
  )
  first.destroy()
  expect(await eventually(upload.status, ([, held]) => held !== '0-0')).toEqual([204, '0-999'])
  const last = await headOf(server, owner, `PUT ${upload.location}?digest=${digest}`, [
    `Content-Length: ${bytes.length - 1000}`,
  ])
  const second = await sendPart(server, last, bytes.subarray(1000, 3000))
  await eventually(
    () => bytesTaken(server),
    (taken) => taken === 3000,
  )
  second.destroy()
  expect(await eventually(upload.status, ([, held]) => held !== '0-999')).toEqual([204, '0-2999'])
  expect(await outcome(upload.put(digest, bytes.subarray(3000)))).toEqual([201])
})

test('of a single POST that breaks off nothing stays', async () => {
  const server = await startServer()
  const owner = await newOwner(server)
  const path = `${owner.path}/blobs/uploads/?digest=${digest}`
  const lines = await headOf(server, owner, `POST ${path}`, [`Content-Length: ${bytes.length}`])
  const rows = () => server.deps.db.selectFrom('upload').select('id').execute()
  const socket = await sendPart(server, lines, bytes.subarray(0, 100_000))
  expect(await eventually(rows, (found) => found.length === 1)).toHaveLength(1)
  socket.destroy()
  expect(await eventually(rows, (found) => found.length === 0)).toEqual([])
  expect(
    await eventually(
      () => uploadsIn(server),
      (found) => found.length === 0,
    ),
  ).toEqual([])
})

test('an upload goes on in another process, whichever has the bytes in its memory', async () => {
  const folder = await blobFolder()
  const database = await createDatabase()
  onTestFinished(() => database.drop())
  const settings = { SERVER_HOSTNAME: 'registry.example.com' }
  const [here, there] = [
    await startServer(settings, { database, blobs: await openFilesystemDriver(folder) }),
    await startServer(settings, { database, blobs: await openFilesystemDriver(folder) }),
  ]
  await here.user('traveller')
  const scope = 'repository:traveller/app:pull,push'
  const token = await registryToken(here.call, 'registry.example.com', 'traveller', [scope])
  const call = (server: TestServer) =>
    makeCall(server.url, () => ({ authorization: `Bearer ${token}` }))
  const begun = await call(here)('POST', '/v2/traveller/app/blobs/uploads/')
  const location = begun.headers.get('location')!
  const [mine, theirs] = [uploadAt(call(here), location), uploadAt(call(there), location)]
  expect((await mine.patch(bytes.subarray(0, 100_000))).status).toBe(202)
  expect((await theirs.patch(bytes.subarray(100_000, 300_000), '100000-299999')).status).toBe(202)
  expect((await mine.patch(bytes.subarray(300_000, 400_000), '300000-399999')).status).toBe(202)
  expect(await theirs.status()).toEqual([204, '0-399999'])
  expect(await outcome(theirs.put(digest, bytes.subarray(400_000)))).toEqual([201])
  const got = await call(here)('GET', `/v2/traveller/app/blobs/${digest}`)
  expect(digestOf(got.bytes)).toBe(digest)
})

test('an upload whose process died goes on where its last request had ended', async () => {
  const blobs = await openFilesystemDriver(await blobFolder())
  const server = await startServer({}, { blobs })
  const owner = await newOwner(server)
  const upload = await beginUpload(owner)
  await upload.patch(bytes.subarray(0, 1000))
  const { id } = await server.deps.db.selectFrom('upload').select('id').executeTakeFirstOrThrow()
  // A process that dies in the middle leaves bytes behind its last word, and its lease.
  const sink = await blobs.openUpload(`${id}-0`, 1000)
  await sink.write(Buffer.from('what nobody has acknowledged'))
  await sink.close()
  await server.deps.db
    .updateTable('upload')
    .set({ lease_token: '00000000-0000-4000-8000-000000000000', leased_until: new Date(0) })
    .execute()
  expect(await upload.status()).toEqual([204, '0-999'])
  expect((await upload.patch(bytes.subarray(1000, 2000), '1000-1999')).status).toBe(202)
  expect(await outcome(upload.put(digest, bytes.subarray(2000)))).toEqual([201])
  expect(await uploadsIn(server)).toEqual([])
})

test('a full storage keeps nothing, says so, and takes the upload again when there is room', async () => {
  const server = await startServer({}, { blobs: openMemoryDriver({ limitBytes: 700_000 }) })
  const owner = await newOwner(server)
  const filler = await beginUpload(owner)
  expect((await filler.patch(bytes.subarray(0, 200_000))).status).toBe(202)
  const upload = await beginUpload(owner)
  expect(await outcome(upload.patch(bytes))).toEqual([503, 'UNAVAILABLE'])
  expect(await upload.status()).toEqual([204, '0-0'])
  const single = owner.push('POST', `${owner.path}/blobs/uploads/?digest=${digest}`, {
    body: bytes,
  })
  expect(await outcome(single)).toEqual([503, 'UNAVAILABLE'])
  expect(await outcome(owner.push('DELETE', filler.location))).toEqual([204])
  expect(await outcome(upload.put(digest, bytes))).toEqual([201])
})
