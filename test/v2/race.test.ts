import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { imageManifestType } from '#domain/manifest.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, pushBlob, pushImage } from '#test/support/image.ts'
import { startServer } from '#test/support/server.ts'
import { newOwner, shareServer } from '#test/support/shared.ts'
import { beginUpload } from '#test/support/upload.ts'

const shared = shareServer()
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

test('ten clients push one image under one tag into a new repository: one of each, and all succeed', async () => {
  const server = shared()
  const { push, path, fullName, name } = await newOwner(server)
  const image = makeImage(name)
  await Promise.all(times(10, () => pushImage(push, fullName, ['latest'], image)))
  const got = await push('GET', `${path}/manifests/latest`)
  expect(Buffer.from(got.bytes)).toEqual(image.manifest)
  expect((await push('GET', `${path}/tags/list`)).json.tags).toEqual(['latest'])
  const { json } = await server.as(name)('GET', `/api/v1/repository/${fullName}/tag/`)
  expect(json.tags).toHaveLength(1)
  const made = (await server.logs(fullName)).filter(({ kind }) => kind === 'create_repo')
  expect(made).toHaveLength(1)
})

test('ten clients move one tag to ten images: it ends at one of them, with a history of ten lives', async () => {
  const server = shared()
  const { push, path, fullName, name } = await newOwner(server)
  const images = times(10, (index) => makeImage(`${name} ${index}`))
  await Promise.all(images.map((image) => pushImage(push, fullName, ['latest'], image)))
  const { headers } = await push('HEAD', `${path}/manifests/latest`)
  const digests = images.map(({ digest }) => digest)
  expect(digests).toContain(headers.get('docker-content-digest'))
  const { json } = await server.as(name)('GET', `/api/v1/repository/${fullName}/tag/`)
  const lives = json.tags as { manifest_digest: string; end_ts?: number }[]
  expect(new Set(lives.map((life) => life.manifest_digest))).toEqual(new Set(digests))
  expect(lives.filter((life) => life.end_ts === undefined)).toHaveLength(1)
})

test('ten clients make one missing namespace by pushing: one organization, and all succeed', async () => {
  const server = await startServer({ CREATE_NAMESPACE_ON_PUSH: 'true' })
  await server.user('maker')
  const call = await server.registry(
    'maker',
    ...times(10, (index) => `repository:fresh/app${index % 3}:pull,push`),
  )
  await Promise.all(times(10, (index) => pushImage(call, `fresh/app${index % 3}`, ['latest'])))
  const { json } = await call('GET', '/v2/_catalog')
  expect(json.repositories).toEqual(['fresh/app0', 'fresh/app1', 'fresh/app2'])
})

test('of parallel PATCHes of one upload one wins, and bytes never mix', async () => {
  const owner = await newOwner(shared())
  for (let round = 0; round < 10; round += 1) {
    const upload = await beginUpload(owner)
    const bodies = times(4, (index) => Buffer.alloc(200_000, `${round}${index}`))
    const range = '0-199999'
    const answers = await Promise.all(bodies.map((body) => upload.patch(body, range)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 202)).toHaveLength(1)
    expect(statuses.filter((status) => ![202, 409, 416].includes(status))).toEqual([])
    expect(await upload.status()).toEqual([204, range])
    const winner = bodies[statuses.indexOf(202)]!
    expect(await outcome(upload.put(digestOf(winner)))).toEqual([201])
  }
})

test('of two finishes of one upload one wins, and the blob is whole', async () => {
  const owner = await newOwner(shared())
  for (let round = 0; round < 10; round += 1) {
    const body = Buffer.alloc(100_000, `finish ${round}`)
    const digest = digestOf(body)
    const upload = await beginUpload(owner)
    const answers = await Promise.all([upload.put(digest, body), upload.put(digest, body)])
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses[0]).toBe(201)
    expect([404, 409]).toContain(statuses[1])
    const { bytes } = await owner.push('GET', `${owner.path}/blobs/${digest}`)
    expect(digestOf(bytes)).toBe(digest)
  }
})

test('ten clients push one blob to ten repositories', async () => {
  const server = shared()
  const owners = []
  for (let index = 0; index < 10; index += 1) owners.push(await newOwner(server))
  const body = Buffer.alloc(500_000, 'the same')
  const digest = digestOf(body)
  await Promise.all(owners.map(({ push, fullName }) => pushBlob(push, fullName, body)))
  for (const { push, path } of owners)
    expect(digestOf((await push('GET', `${path}/blobs/${digest}`)).bytes)).toBe(digest)
})

test('a push against a delete of the same manifest ends whole or gone', async () => {
  const { push, path, fullName, name } = await newOwner(shared())
  const image = await pushImage(push, fullName, ['v1'], makeImage(name))
  for (let round = 0; round < 20; round += 1) {
    const put = push('PUT', `${path}/manifests/v1`, {
      headers: { 'content-type': imageManifestType },
      body: image.manifest,
    })
    const [pushed, deleted] = await Promise.all([
      put,
      push('DELETE', `${path}/manifests/${image.digest}`),
    ])
    expect(pushed.status).toBe(201)
    expect([202, 404]).toContain(deleted.status)
    const [byTag, byDigest, list] = await Promise.all([
      push('GET', `${path}/manifests/v1`),
      push('GET', `${path}/manifests/${image.digest}`),
      push('GET', `${path}/tags/list`),
    ])
    expect([200, 404]).toContain(byTag.status)
    expect(byDigest.status).toBe(byTag.status)
    expect(list.json.tags).toEqual(byTag.status === 200 ? ['v1'] : [])
  }
})

test('a push against a delete of its layer ends with both or with a refusal', async () => {
  const { push, path, fullName, name } = await newOwner(shared())
  for (let round = 0; round < 20; round += 1) {
    const image = makeImage(`${name} ${round}`)
    await pushBlob(push, fullName, image.config)
    const layer = await pushBlob(push, fullName, image.layer)
    const [pushed, deleted] = await Promise.all([
      push('PUT', `${path}/manifests/r${round}`, {
        headers: { 'content-type': imageManifestType },
        body: image.manifest,
      }),
      push('DELETE', `${path}/blobs/${layer}`),
    ])
    const found = await push('HEAD', `${path}/blobs/${layer}`)
    expect([pushed.status, deleted.status, found.status]).toEqual(
      pushed.status === 201 ? [201, 405, 200] : [400, 202, 404],
    )
  }
})

test('ten clients push under different tags of one push: all are there', async () => {
  const { push, path, fullName, name } = await newOwner(shared())
  const image = makeImage(name)
  await pushBlob(push, fullName, image.config)
  await pushBlob(push, fullName, image.layer)
  const answers = await Promise.all(
    times(10, (index) =>
      push('PUT', `${path}/manifests/${image.digest}?tag=z${index}&tag=common&tag=a${index}`, {
        headers: { 'content-type': imageManifestType },
        body: image.manifest,
      }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(times(10, () => 201))
  expect((await push('GET', `${path}/tags/list`)).json.tags).toHaveLength(21)
})
