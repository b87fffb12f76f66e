import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { outcome } from '#test/support/client.ts'
import { pushBlob, pushImage } from '#test/support/image.ts'
import { newOwner, shareServer } from '#test/support/shared.ts'

const shared = shareServer()
const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251))

async function withBlob(content: Buffer = bytes) {
  const owner = await newOwner(shared())
  const digest = await pushBlob(owner.push, owner.fullName, content)
  const url = `${owner.path}/blobs/${digest}`
  const get = (headers: Record<string, string> = {}, method = 'GET') =>
    owner.push(method, url, { headers })
  return { ...owner, digest, url, get }
}

test('a blob comes back byte for byte, with its digest and for keeps', async () => {
  const { digest, get } = await withBlob()
  const { status, headers, bytes: got } = await get()
  expect([status, Buffer.from(got)]).toEqual([200, bytes])
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': '1000',
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
  })
})

test('HEAD gives the same headers and no body', async () => {
  const { digest, get } = await withBlob()
  const { status, headers, bytes: got } = await get({}, 'HEAD')
  expect([status, got.length]).toEqual([200, 0])
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': '1000',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  })
})

test('an empty blob is a blob too', async () => {
  const { get } = await withBlob(Buffer.alloc(0))
  const { status, headers, bytes: got } = await get()
  expect([status, headers.get('content-length'), got.length]).toEqual([200, '0', 0])
  expect(await outcome(get({ range: 'bytes=0-' }))).toEqual([416, 'RANGE_INVALID'])
})

test('a blob may be large', async () => {
  const large = Buffer.alloc(9 * 1_048_576 + 7, 'portolan')
  const { digest, get } = await withBlob(large)
  const { bytes: got } = await get()
  expect(digestOf(got)).toBe(digest)
  const part = await get({ range: 'bytes=5000000-7000000' })
  expect(Buffer.from(part.bytes).equals(large.subarray(5_000_000, 7_000_001))).toBe(true)
})

test('one range gives those bytes: from-to, from, the last so many, cut to what is there', async () => {
  const { get } = await withBlob()
  const cases: [range: string, start: number, end: number][] = [
    ['bytes=0-0', 0, 0],
    ['bytes=100-199', 100, 199],
    ['bytes=900-', 900, 999],
    ['bytes=-1', 999, 999],
    ['bytes=-100', 900, 999],
    ['bytes=-5000', 0, 999],
    ['bytes=990-5000', 990, 999],
    ['bytes=995-99999999999999999999', 995, 999],
    ['Bytes=1-2', 1, 2],
    ['bytes=5000-6000,10-19', 10, 19],
  ]
  for (const [range, start, end] of cases) {
    const { status, headers, bytes: got } = await get({ range })
    expect([range, status, headers.get('content-range')]).toEqual([
      range,
      206,
      `bytes ${start}-${end}/1000`,
    ])
    expect(headers.get('content-length')).toBe(String(end - start + 1))
    expect(Buffer.from(got)).toEqual(bytes.subarray(start, end + 1))
  }
})

test('several ranges come as parts of a multipart body', async () => {
  const { get, digest } = await withBlob()
  const { status, headers, text } = await get({ range: 'bytes=0-1, 500-501,-1' })
  expect(status).toBe(206)
  const [, boundary] =
    /^multipart\/byteranges; boundary=(.+)$/.exec(headers.get('content-type') ?? '') ?? []
  expect(headers.has('content-range')).toBe(false)
  expect(headers.get('docker-content-digest')).toBe(digest)
  const parts = text.split(`--${boundary}`)
  expect(parts).toHaveLength(5)
  expect(parts.at(-1)).toBe('--\r\n')
  for (const [index, place] of ['0-1', '500-501', '999-999'].entries())
    expect(parts[index + 1]).toContain(`Content-Range: bytes ${place}/1000\r\n\r\n`)
})

test('ranges that overlap, are too many, or of another unit give the whole', async () => {
  const { get } = await withBlob()
  const many = Array.from({ length: 17 }, (_, index) => `${index * 2}-${index * 2}`).join(',')
  for (const range of ['bytes=0-10,5-15', `bytes=${many}`, 'lines=1-2', 'bytes', 'bytes 0-1']) {
    const { status, bytes: got } = await get({ range })
    expect([range, status, got.length]).toEqual([range, 200, 1000])
  }
})

test('ranges outside of the blob, or that make no sense, are refused with its size', async () => {
  const { get } = await withBlob()
  for (const range of [
    'bytes=1000-',
    'bytes=5000-6000',
    'bytes=500-0',
    'bytes=-0',
    'bytes=a-b',
    'bytes=-',
    'bytes=1-2,x',
    'bytes=--1',
    'bytes=99999999999999999999-',
  ]) {
    const answer = await get({ range })
    expect([range, ...(await outcome(answer))]).toEqual([range, 416, 'RANGE_INVALID'])
    expect(answer.headers.get('content-range')).toBe('bytes */1000')
  }
})

test('a range counts for the content that the client began with', async () => {
  const { get, digest } = await withBlob()
  const range = 'bytes=0-9'
  expect((await get({ range, 'if-range': `"${digest}"` })).status).toBe(206)
  for (const other of ['"another"', `W/"${digest}"`, 'Wed, 01 Jan 2020 00:00:00 GMT'])
    expect((await get({ range, 'if-range': other })).status).toBe(200)
  expect((await get({ range: 'bytes=9999-', 'if-range': '"another"' })).status).toBe(200)
})

test('If-None-Match with the digest answers 304', async () => {
  const { get, digest } = await withBlob()
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, bytes: got } = await get({ 'if-none-match': `"${digest}"` }, method)
    expect([status, got.length, headers.get('etag')]).toEqual([304, 0, `"${digest}"`])
    expect((await get({ 'if-none-match': '"other"' }, method)).status).toBe(200)
  }
})

test('what is not in the repository is unknown there, whoever else has it', async () => {
  const { digest, path } = await withBlob()
  const other = await newOwner(shared())
  await pushBlob(other.push, other.fullName, Buffer.from('something'))
  for (const method of ['GET', 'DELETE'])
    expect(await outcome(other.push(method, `${other.path}/blobs/${digest}`))).toEqual([
      404,
      'BLOB_UNKNOWN',
    ])
  expect(await outcome(other.push('HEAD', `${other.path}/blobs/${digest}`))).toEqual([404])
  expect(await outcome(other.push('GET', `${path}/blobs/${digest}`))).toEqual([401, 'UNAUTHORIZED'])
})

test('malformed digests are refused', async () => {
  const { path, push } = await withBlob()
  for (const digest of ['sha256:x', 'latest', `sha1:${'a'.repeat(40)}`, `SHA256:${'a'.repeat(64)}`])
    for (const method of ['GET', 'DELETE'])
      expect(await outcome(push(method, `${path}/blobs/${digest}`))).toEqual([
        400,
        'DIGEST_INVALID',
      ])
  expect(await outcome(push('HEAD', `${path}/blobs/sha256:x`))).toEqual([400])
})

test('a deleted blob is gone at once, here and nowhere else, and can be pushed again', async () => {
  const first = await withBlob()
  const second = await withBlob()
  expect(await outcome(first.push('DELETE', first.url))).toEqual([202])
  expect(await outcome(first.get())).toEqual([404, 'BLOB_UNKNOWN'])
  expect(await outcome(first.get({}, 'HEAD'))).toEqual([404])
  expect(await outcome(first.push('DELETE', first.url))).toEqual([404, 'BLOB_UNKNOWN'])
  expect(Buffer.from((await second.get()).bytes)).toEqual(bytes)
  await pushBlob(first.push, first.fullName, bytes)
  expect(Buffer.from((await first.get()).bytes)).toEqual(bytes)
})

test('a blob that a manifest names stays, until the manifest is deleted', async () => {
  const owner = await newOwner(shared())
  const image = await pushImage(owner.push, owner.fullName, ['v1'])
  const urls = [image.config, image.layer].map((each) => `${owner.path}/blobs/${digestOf(each)}`)
  for (const url of urls) {
    expect(await outcome(owner.push('DELETE', url))).toEqual([405, 'DENIED'])
    expect(await outcome(owner.push('HEAD', url))).toEqual([200])
  }
  await owner.push('DELETE', `${owner.path}/manifests/${image.digest}`)
  for (const url of urls) expect(await outcome(owner.push('DELETE', url))).toEqual([202])
})

test('finding a blob before a push renews its lease, for those who may push', async () => {
  const server = shared()
  const { name, fullName, url, push, digest } = await withBlob(Buffer.from('leased'))
  const lease = () =>
    server.deps.db
      .selectFrom('repository_blob as rb')
      .innerJoin('blob as b', 'b.id', 'rb.blob_id')
      .where('b.digest', '=', digest)
  const old = new Date(Date.now() + 1000)
  await server.deps.db
    .updateTable('repository_blob')
    .set({ leased_until: old })
    .where('blob_id', '=', (eb) => eb.selectFrom('blob').select('id').where('digest', '=', digest))
    .execute()
  const until = async () =>
    (await lease().select('rb.leased_until').executeTakeFirstOrThrow()).leased_until.getTime()
  await server.call('HEAD', url)
  expect(await until()).toBe(old.getTime())
  await push('HEAD', url)
  expect(await until()).toBeGreaterThan(Date.now() + 23 * 3_600_000)
  expect([name, fullName]).toHaveLength(2)
})
