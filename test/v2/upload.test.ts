import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { newOwner, shareServer } from '#test/support/shared.ts'
import { beginUpload } from '#test/support/upload.ts'

const shared = shareServer()
const bytes = Buffer.from('the quick brown fox jumps over the lazy dog')
const digest = digestOf(bytes)

/** Everything that the storage holds. */
async function stored() {
  const found: string[] = []
  for await (const { digest: each } of shared().deps.blobs.listBlobs()) found.push(each)
  for await (const { id } of shared().deps.blobs.listUploads()) found.push(id)
  return found
}

test('POST and PUT: the whole body at the end', async () => {
  const owner = await newOwner(shared())
  const begun = await owner.push('POST', `${owner.path}/blobs/uploads/`)
  const location = begun.headers.get('location')!
  expect(begun.status).toBe(202)
  expect(location.startsWith(`${owner.path}/blobs/uploads/`)).toBe(true)
  expect(begun.headers.get('range')).toBe('0-0')
  expect(location.endsWith(begun.headers.get('docker-upload-uuid')!)).toBe(true)
  expect(begun.headers.get('oci-chunk-min-length')).toBe('1048576')
  const { put } = await beginUpload(owner)
  const { status, headers } = await put(digest, bytes)
  expect(status).toBe(201)
  expect(headers.get('location')).toBe(`${owner.path}/blobs/${digest}`)
  expect(headers.get('docker-content-digest')).toBe(digest)
  const got = await owner.push('GET', headers.get('location')!)
  expect(Buffer.from(got.bytes)).toEqual(bytes)
})

test('one POST with the digest holds the whole blob, empty ones too', async () => {
  const owner = await newOwner(shared())
  for (const body of [bytes, Buffer.alloc(0), Buffer.alloc(300_000, 'x')])
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const wanted = digestOf(body, algorithm)
      const path = `${owner.path}/blobs/uploads/?digest=${wanted}`
      const { status, headers } = await owner.push('POST', path, { body })
      expect([status, headers.get('docker-content-digest')]).toEqual([201, wanted])
      const got = await owner.push('GET', headers.get('location')!)
      expect(Buffer.from(got.bytes)).toEqual(body)
    }
})

test('chunks come in order, each answered with where the upload stands', async () => {
  const upload = await beginUpload(await newOwner(shared()))
  const first = await upload.patch(bytes.subarray(0, 10), '0-9')
  expect([first.status, first.headers.get('range')]).toEqual([202, '0-9'])
  expect(first.headers.get('location')).toBe(upload.location)
  expect(await upload.status()).toEqual([204, '0-9'])
  const second = await upload.patch(bytes.subarray(10, 20), '10-19')
  expect([second.status, second.headers.get('range')]).toEqual([202, '0-19'])
  const range = `20-${bytes.length - 1}`
  expect(await outcome(upload.put(digest, bytes.subarray(20), range))).toEqual([201])
  expect(await upload.status()).toEqual([404, null])
})

test('streams of any length are appended, without a range or a length', async () => {
  const upload = await beginUpload(await newOwner(shared()))
  const first = await upload.patch(new Blob([bytes.subarray(0, 30)]).stream())
  expect([first.status, first.headers.get('range')]).toEqual([202, '0-29'])
  expect((await upload.patch(new Blob([bytes.subarray(30)]).stream())).status).toBe(202)
  expect(await outcome(upload.put(digest))).toEqual([201])
})

test('a chunk out of order is refused with the place to go on, and the upload survives', async () => {
  const upload = await beginUpload(await newOwner(shared()))
  const refused = async (body: Buffer, range: string, finish = false) => {
    const answer = await (finish ? upload.put(digest, body, range) : upload.patch(body, range))
    expect([range, ...(await outcome(answer))]).toEqual([range, 416, 'RANGE_INVALID'])
    expect(answer.headers.get('location')).toBe(upload.location)
    return answer.headers.get('range')
  }
  expect(await refused(bytes.subarray(10, 20), '10-19')).toBe('0-0')
  await upload.patch(bytes.subarray(0, 10), '0-9')
  expect(await refused(bytes.subarray(0, 10), '0-9')).toBe('0-9')
  expect(await refused(bytes.subarray(5, 15), '5-14')).toBe('0-9')
  expect(await refused(bytes.subarray(20), `20-${bytes.length - 1}`, true)).toBe('0-9')
  expect(await upload.status()).toEqual([204, '0-9'])
  expect(await outcome(upload.put(digest, bytes.subarray(10)))).toEqual([201])
})

test('a large refused chunk does not cost the client the answer', async () => {
  const upload = await beginUpload(await newOwner(shared()))
  const large = Buffer.alloc(20 * 1_048_576)
  for (let turn = 0; turn < 5; turn += 1)
    expect(await outcome(upload.patch(large, `5-${large.length + 4}`))).toEqual([
      416,
      'RANGE_INVALID',
    ])
})

test('a chunk whose length is not that of its range leaves the upload as it was', async () => {
  const upload = await beginUpload(await newOwner(shared()))
  await upload.patch(bytes.subarray(0, 10), '0-9')
  const stream = () => new Blob([bytes.subarray(10, 20)]).stream()
  for (const range of ['10-14', '10-29'])
    for (const body of [bytes.subarray(10, 20), stream()]) {
      expect(await outcome(upload.patch(body, range))).toEqual([400, 'SIZE_INVALID'])
      expect(await upload.status()).toEqual([204, '0-9'])
    }
  expect(await outcome(upload.put(digest, bytes.subarray(10), '10-12'))).toEqual([
    400,
    'SIZE_INVALID',
  ])
  expect(await outcome(upload.patch(stream(), '10-19'))).toEqual([202])
  expect(await outcome(upload.put(digest, bytes.subarray(20)))).toEqual([201])
})

test('ranges that are none are refused', async () => {
  const upload = await beginUpload(await newOwner(shared()))
  for (const range of ['9-0', 'a-b', '-5', '5-', '', '0-9/', 'lines 0-9', '1-2-3'])
    expect([range, ...(await outcome(upload.patch(bytes, range)))]).toEqual([
      range,
      400,
      'BLOB_UPLOAD_INVALID',
    ])
  for (const range of ['bytes 0-9/*', 'bytes=10-19', '20-29/43'])
    expect([range, (await upload.patch(bytes.subarray(0, 10), range)).status]).toEqual([range, 202])
})

test('a wrong digest keeps nothing, however the bytes came', async () => {
  const owner = await newOwner(shared())
  const before = await stored()
  const wrong = digestOf(Buffer.from('something else'))
  const single = owner.push('POST', `${owner.path}/blobs/uploads/?digest=${wrong}`, { body: bytes })
  expect(await outcome(single)).toEqual([400, 'DIGEST_INVALID'])
  const whole = await beginUpload(owner)
  expect(await outcome(whole.put(wrong, bytes))).toEqual([400, 'DIGEST_INVALID'])
  const chunked = await beginUpload(owner)
  await chunked.patch(bytes)
  expect(await outcome(chunked.put(wrong))).toEqual([400, 'DIGEST_INVALID'])
  const none = await beginUpload(owner)
  expect(await outcome(none.put(wrong))).toEqual([400, 'DIGEST_INVALID'])
  for (const upload of [whole, chunked, none]) expect(await upload.status()).toEqual([404, null])
  expect(await stored()).toEqual(before)
  expect(await outcome(owner.push('HEAD', `${owner.path}/blobs/${wrong}`))).toEqual([404])
})

test('a digest that is none is refused before anything is done', async () => {
  const owner = await newOwner(shared())
  const upload = await beginUpload(owner)
  await upload.patch(bytes)
  for (const bad of ['md5:abc', 'sha256:abc', `sha384:${'a'.repeat(96)}`, 'x'])
    expect(await outcome(upload.put(bad))).toEqual([400, 'DIGEST_INVALID'])
  expect(await outcome(owner.push('PUT', upload.location))).toEqual([400, 'DIGEST_INVALID'])
  for (const query of ['?digest=md5:abc', '?digest-algorithm=md5', '?digest-algorithm=SHA256'])
    expect(await outcome(owner.push('POST', `${owner.path}/blobs/uploads/${query}`))).toEqual([
      400,
      'DIGEST_INVALID',
    ])
  expect(await outcome(upload.put(digest))).toEqual([201])
})

test('sha512 works with the hint and without, in one piece and in several', async () => {
  const owner = await newOwner(shared())
  const long = digestOf(bytes, 'sha512')
  for (const query of ['', '?digest-algorithm=sha512', '?digest-algorithm=sha256']) {
    const upload = await beginUpload(owner, query)
    await upload.patch(bytes.subarray(0, 10))
    await upload.patch(bytes.subarray(10, 20))
    const { status, headers } = await upload.put(long, bytes.subarray(20))
    expect([status, headers.get('docker-content-digest')]).toEqual([201, long])
    expect(headers.get('location')).toBe(`${owner.path}/blobs/${long}`)
  }
  const { bytes: got, headers } = await owner.push('GET', `${owner.path}/blobs/${long}`)
  expect([Buffer.from(got), headers.get('docker-content-digest')]).toEqual([bytes, long])
})

test('a cancelled upload is gone with its bytes', async () => {
  const owner = await newOwner(shared())
  const before = await stored()
  const upload = await beginUpload(owner)
  await upload.patch(bytes)
  expect(await outcome(owner.push('DELETE', upload.location))).toEqual([204])
  expect(await upload.status()).toEqual([404, null])
  expect(await outcome(upload.patch(bytes))).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
  expect(await outcome(upload.put(digest))).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
  expect(await outcome(owner.push('DELETE', upload.location))).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
  expect(await stored()).toEqual(before)
})

test('an upload belongs to its repository', async () => {
  const [owner, other] = [await newOwner(shared()), await newOwner(shared())]
  const upload = await beginUpload(owner)
  await beginUpload(other)
  const id = upload.location.split('/').at(-1)!
  for (const each of [id, '00000000-0000-0000-0000-000000000000', 'x', `${id}x`, id.toUpperCase()])
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const query = method === 'PUT' ? `?digest=${digest}` : ''
      const answer = other.push(method, `${other.path}/blobs/uploads/${each}${query}`)
      expect([method, each, ...(await outcome(answer))]).toEqual([
        method,
        each,
        404,
        'BLOB_UPLOAD_UNKNOWN',
      ])
    }
  expect(await outcome(upload.put(digest, bytes))).toEqual([201])
})

test('a blob has a greatest size, in one piece and in several', async () => {
  const server = await startServer({ MAXIMUM_LAYER_SIZE: '1K' })
  const owner = await newOwner(server)
  const most = Buffer.alloc(1024, 'x')
  const more = Buffer.alloc(1025, 'x')
  const single = (body: Uint8Array | ReadableStream) =>
    owner.push('POST', `${owner.path}/blobs/uploads/?digest=${digestOf(most)}`, { body })
  expect(await outcome(single(more))).toEqual([413, 'SIZE_INVALID'])
  expect(await outcome(single(new Blob([more]).stream()))).toEqual([413, 'SIZE_INVALID'])
  const upload = await beginUpload(owner)
  await upload.patch(most.subarray(0, 1000))
  for (const body of [most.subarray(0, 25), new Blob([most.subarray(0, 25)]).stream()])
    expect(await outcome(upload.patch(body))).toEqual([413, 'SIZE_INVALID'])
  expect(await outcome(upload.put(digestOf(most), most.subarray(0, 25)))).toEqual([
    413,
    'SIZE_INVALID',
  ])
  expect(await upload.status()).toEqual([204, '0-999'])
  expect(await outcome(upload.put(digestOf(most), most.subarray(0, 24)))).toEqual([201])
  expect(await outcome(single(most))).toEqual([201])
})

test('a refused chunk leaves no tail: the upload ends with what was kept, without another body', async () => {
  const owner = await newOwner(shared())
  const kept = Buffer.from('0123456789')
  const { patch, put } = await beginUpload(owner)
  expect((await patch(kept, '0-9')).status).toBe(202)
  const tooLong = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('more than five'))
      controller.close()
    },
  })
  expect((await patch(tooLong, '10-14')).status).toBe(400)
  expect((await put(digestOf(kept))).status).toBe(201)
  const got = await owner.push('GET', `${owner.path}/blobs/${digestOf(kept)}`)
  expect(Buffer.from(got.bytes)).toEqual(kept)
})
