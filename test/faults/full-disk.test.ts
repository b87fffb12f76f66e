import { randomBytes } from 'node:crypto'
import { statfs } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { digestOf, type Digest } from '#domain/digest.ts'
import { checkStorage } from '#services/check-storage.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { collect } from '#test/storage/bytes.ts'
import { canMount, smallDisk } from '#test/storage/folder.ts'
import type { Answer } from '#test/support/client.ts'
import { makeImage, pushBlob, pushImage } from '#test/support/image.ts'
import { startServer } from '#test/support/server.ts'

const diskBytes = 4 * 1024 * 1024
const octetStream = { 'content-type': 'application/octet-stream' }
const mountable = canMount()
const reason = 'this user may not mount, so no disk of a known size can be had'

/** A registry whose blobs lie on a small disk; its database lies elsewhere. */
async function start() {
  const root = await smallDisk(diskBytes)
  const blobs = await openFilesystemDriver(root)
  const server = await startServer({}, { blobs })
  await server.user('ada')
  const push = await server.registry('ada', 'repository:ada/app:pull,push,delete')
  const { clock, ...deps } = server.deps
  return {
    ...server,
    blobs,
    push,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(root)
      return bavail * bsize
    },
    faults: () =>
      collect(checkStorage(deps, { deep: true, isAlone: false, at: () => clock.now() })),
    /** What garbage collection will do. */
    async collect(digest: Digest) {
      await push('DELETE', `/v2/ada/app/blobs/${digest}`)
      await deps.db.deleteFrom('blob').where('digest', '=', digest).execute()
      await blobs.removeBlob(digest)
    },
  }
}

const pushAtOnce = (digest: Digest) => `/v2/ada/app/blobs/uploads/?digest=${digest}`

function expectFull(answer: Answer) {
  expect([answer.status, answer.json]).toEqual([
    503,
    {
      errors: [
        {
          code: 'UNAVAILABLE',
          message: expect.stringContaining('no room left'),
          detail: { request_id: expect.any(String) },
        },
      ],
    },
  ])
  expect(answer.text).not.toMatch(/portolan-disk|\/tmp/)
}

test('a push that does not fit is refused whole, leaves nothing behind, and fits when there is room', async ({
  skip,
}) => {
  skip(!mountable, reason)
  const { push, freeBytes, faults, collect: remove, deps } = await start()
  const first = await pushBlob(push, 'ada/app', randomBytes(2_000_000))
  const free = await freeBytes()
  const bytes = randomBytes(3_000_000)
  const digest = digestOf(bytes)

  expectFull(await push('POST', pushAtOnce(digest), { headers: octetStream, body: bytes }))
  expect((await push('HEAD', `/v2/ada/app/blobs/${digest}`)).status).toBe(404)
  expect(await freeBytes()).toBe(free)
  expect(await deps.db.selectFrom('upload').selectAll().execute()).toEqual([])
  expect((await push('GET', `/v2/ada/app/blobs/${first}`)).bytes).toHaveLength(2_000_000)

  await remove(first)
  await pushBlob(push, 'ada/app', bytes)
  expect((await push('GET', `/v2/ada/app/blobs/${digest}`)).bytes).toEqual(new Uint8Array(bytes))
  expect(await faults()).toEqual([])
})

test('a chunk that does not fit keeps the chunks before it, and the upload goes on when there is room', async ({
  skip,
}) => {
  skip(!mountable, reason)
  const { push, freeBytes, faults, collect: remove } = await start()
  const other = await pushBlob(push, 'ada/app', randomBytes(2_000_000))
  const bytes = randomBytes(3_000_000)
  const started = await push('POST', '/v2/ada/app/blobs/uploads/')
  const location = started.headers.get('location')!
  const patch = (body: Uint8Array) => push('PATCH', location, { headers: octetStream, body })
  expect((await patch(bytes.subarray(0, 1_000_000))).status).toBe(202)
  const free = await freeBytes()

  for (let attempt = 0; attempt < 3; attempt += 1) {
    expectFull(await patch(bytes.subarray(1_000_000)))
    expect(await freeBytes()).toBe(free)
    expect((await push('GET', location)).headers.get('range')).toBe('0-999999')
  }
  const last = { headers: octetStream, body: bytes.subarray(1_000_000) }
  const finish = () => push('PUT', `${location}?digest=${digestOf(bytes)}`, last)
  expectFull(await finish())
  expect(await freeBytes()).toBe(free)

  await remove(other)
  expect((await finish()).status).toBe(201)
  expect(await faults()).toEqual([])
})

test('of many pushes at once those that are acknowledged are whole, and the others leave nothing', async ({
  skip,
}) => {
  skip(!mountable, reason)
  const { push, faults } = await start()
  const contents = Array.from({ length: 12 }, () => randomBytes(900_000))
  const answers = await Promise.all(
    contents.map((body) =>
      push('POST', pushAtOnce(digestOf(body)), { headers: octetStream, body }),
    ),
  )
  const refused = answers.filter((answer) => answer.status !== 201)
  for (const answer of refused) expectFull(answer)
  expect(refused.length).toBeGreaterThan(7)
  const held = await Promise.all(
    contents.map(async (bytes) => {
      const read = await push('GET', `/v2/ada/app/blobs/${digestOf(bytes)}`)
      return read.status === 200 ? Buffer.from(read.bytes).equals(bytes) : read.status
    }),
  )
  expect(held).toEqual(answers.map((answer) => (answer.status === 201 ? true : 404)))
  expect(await faults()).toEqual([])
})

test('manifests of blobs that are there can be pushed on a full disk', async ({ skip }) => {
  skip(!mountable, reason)
  const { push, freeBytes, blobs, faults } = await start()
  const image = makeImage()
  await pushImage(push, 'ada/app', [], image)
  const filler = '00000000-0000-4000-8000-000000000000-0'
  const sink = await blobs.openUpload(filler, 0)
  await sink.write(randomBytes(await freeBytes()))
  await sink.close()
  expect(await freeBytes()).toBe(0)
  expect(
    (
      await push('PUT', '/v2/ada/app/manifests/v1', {
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        body: image.manifest,
      })
    ).status,
  ).toBe(201)
  await blobs.removeUpload(filler)
  expect(await faults()).toEqual([])
})
