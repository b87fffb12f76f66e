import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { imageIndexType, imageManifestType } from '#domain/manifest.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { makeImage, makeIndex, pushBlob, pushImage } from '#test/support/image.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

/** Rounds of each race; the continuous integration runs 200. */
const rounds = Number(process.env.RACE_ROUNDS ?? 20)
const repository = 'acme/race'
const everything = `repository:${repository}:pull,push,delete`

async function startRace(
  ...scopes: string[]
): Promise<{ server: TestServer; one: Call; other: Call }> {
  const server = await startServer()
  await server.user('acme')
  const one = await server.registry('acme', everything, ...scopes)
  const other = await server.registry('acme', everything, ...scopes)
  return { server, one, other }
}

const putManifest = (call: Call, reference: string, body: Uint8Array, type = imageManifestType) =>
  call('PUT', `/v2/${repository}/manifests/${reference}`, {
    headers: { 'content-type': type },
    body,
  })

async function digestOfTag(call: Call, tag: string): Promise<string | null> {
  const answer = await call('HEAD', `/v2/${repository}/manifests/${tag}`)
  return answer.status === 200 ? answer.headers.get('docker-content-digest') : null
}

test('two clients push one tag: it has one life that goes on, and points at one of the two', async () => {
  const { server, one, other } = await startRace()
  const [left, right] = [makeImage('left'), makeImage('right')]
  await pushImage(one, repository, [], left)
  await pushImage(one, repository, [], right)
  for (let round = 0; round < rounds; round++) {
    const tag = `t${round % 10}`
    const answers = await Promise.all([
      putManifest(one, tag, left.manifest),
      putManifest(other, tag, right.manifest),
    ])
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    expect([left.digest, right.digest]).toContain(await digestOfTag(one, tag))
  }
  const open = await server.deps.db
    .selectFrom('tag')
    .select('name')
    .where('ended_at', 'is', null)
    .execute()
  expect(open.length).toBe(Math.min(10, rounds))
})

test('a tag is deleted while it is moved: it is gone, or it points where the move put it', async () => {
  const { one, other } = await startRace()
  const [before, after] = [makeImage('before'), makeImage('after')]
  await pushImage(one, repository, [], before)
  await pushImage(one, repository, [], after)
  for (let round = 0; round < rounds; round++) {
    await putManifest(one, 'edge', before.manifest)
    const [moved, deleted] = await Promise.all([
      putManifest(one, 'edge', after.manifest),
      other('DELETE', `/v2/${repository}/manifests/edge`),
    ])
    expect([moved.status, deleted.status]).toEqual([201, 202])
    expect([null, after.digest]).toContain(await digestOfTag(one, 'edge'))
  }
})

test('a manifest is deleted while an index that names it is pushed: the index is refused, or it was first', async () => {
  const { server, one, other } = await startRace()
  let refused = 0
  const child = makeImage('child')
  await pushImage(one, repository, [], child)
  for (let round = 0; round < rounds; round++) {
    await putManifest(one, child.digest, child.manifest)
    const index = Buffer.from(makeIndex([child]).toString().replace('{', `{"round":${round},`))
    const [pushed, deleted] = await Promise.all([
      putManifest(one, digestOf(index), index, imageIndexType),
      other('DELETE', `/v2/${repository}/manifests/${child.digest}`),
    ])
    expect(deleted.status).toBe(202)
    const came = (await outcome(pushed)).join(' ')
    expect(['201', '400 MANIFEST_BLOB_UNKNOWN']).toContain(came)
    if (pushed.status === 400) refused++
    expect((await one('GET', `/v2/${repository}/manifests/${child.digest}`)).status).toBe(404)
    const kept = await one('GET', `/v2/${repository}/manifests/${digestOf(index)}`)
    expect(kept.status).toBe(pushed.status === 201 ? 200 : 404)
  }
  const { count } = await server.deps.db
    .selectFrom('manifest')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('is_index', '=', true)
    .executeTakeFirstOrThrow()
  expect(count).toBe(rounds - refused)
})

test('a blob is mounted while it is deleted where it comes from: a mounted blob can be pulled', async () => {
  const { one, other } = await startRace('repository:acme/source:pull,push,delete')
  for (let round = 0; round < rounds; round++) {
    const bytes = Buffer.from(`mounted ${round}`)
    const digest = await pushBlob(one, 'acme/source', bytes)
    const [mounted, deleted] = await Promise.all([
      one('POST', `/v2/${repository}/blobs/uploads/?mount=${digest}&from=acme/source`),
      other('DELETE', `/v2/acme/source/blobs/${digest}`),
    ])
    expect(deleted.status).toBe(202)
    expect([201, 202]).toContain(mounted.status)
    const pulled = await one('GET', `/v2/${repository}/blobs/${digest}`)
    expect(pulled.status).toBe(mounted.status === 201 ? 200 : 404)
    const whole = Buffer.from(pulled.bytes).equals(bytes)
    expect(whole).toBe(mounted.status === 201)
  }
})

test('an upload is finished twice at once: the blob is there once, whole, and nobody gets a server error', async () => {
  const { server, one, other } = await startRace()
  await pushImage(one, repository, ['latest'])
  for (let round = 0; round < rounds; round++) {
    const bytes = Buffer.from(`finished ${round}`)
    const started = await one('POST', `/v2/${repository}/blobs/uploads/`)
    const place = started.headers.get('location')!
    await one('PATCH', place, {
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    })
    const finish = `${place}?digest=${digestOf(bytes)}`
    const answers = await Promise.all([one('PUT', finish), other('PUT', finish)])
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses[0]).toBe(201)
    expect([201, 404, 409]).toContain(statuses[1])
    const pulled = await one('GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)
    expect(Buffer.from(pulled.bytes)).toEqual(bytes)
  }
  const left = await server.deps.db.selectFrom('upload').select('id').execute()
  expect(left).toEqual([])
})
