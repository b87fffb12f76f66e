import { digestOf } from '#domain/digest.ts'
import type { Fixture, Fixtures, Sent } from '../fixture.ts'
import type { World } from '../world.ts'

const content = Buffer.from('the content of a blob')
const digest = digestOf(content)
const tooLarge = Buffer.alloc(65_537)

/** An upload that has begun and holds nothing yet. */
async function begin(world: World) {
  const { name, headers, call } = await world.repository()
  const answer = await call('POST', `/v2/${name}/blobs/uploads/`)
  const upload_uuid = answer.headers.get('docker-upload-uuid') ?? ''
  return { path: { name, upload_uuid }, headers }
}

const withUpload =
  (extra: Pick<Sent, 'body' | 'query'> & { headers?: Record<string, string> } = {}): Fixture =>
  async (world) => {
    const { path, headers } = await begin(world)
    return { ...extra, path, headers: { ...headers, ...extra.headers } }
  }
const unknown =
  (extra: Pick<Sent, 'body' | 'query'> = {}): Fixture =>
  async (world, wanted) => {
    const sent = await withUpload(extra)(world, wanted)
    const upload_uuid = '00000000-0000-4000-8000-000000000000'
    return { ...sent, path: { ...sent.path, upload_uuid } }
  }
/** Somebody else is in the middle of a chunk, and stays there until the answer has come. */
const busy =
  (extra: Pick<Sent, 'body' | 'query'> = {}): Fixture =>
  async (world) => {
    const { path, headers } = await begin(world)
    await world.stall(`/v2/${path.name}/blobs/uploads/${path.upload_uuid}`, headers)
    return { ...extra, path, headers }
  }
const start =
  (sent: Pick<Sent, 'body' | 'query'>): Fixture =>
  async (world) => {
    const { name, headers } = await world.repository()
    return { ...sent, path: { name }, headers }
  }

/** Uploads of blobs. */
export const upload: Fixtures = {
  'startBlobUpload 201': start({ query: { digest }, body: content }),
  'startBlobUpload 202': start({ body: '' }),
  'startBlobUpload 400': start({ query: { digest: 'sha256:short' }, body: content }),
  'startBlobUpload 413': start({ query: { digest }, body: tooLarge }),
  'getBlobUpload 204': withUpload(),
  'getBlobUpload 404': unknown(),
  'patchBlobUpload 202': withUpload({ body: content }),
  'patchBlobUpload 400': withUpload({ body: content, headers: { 'content-range': 'everything' } }),
  'patchBlobUpload 404': unknown({ body: content }),
  'patchBlobUpload 409': busy({ body: content }),
  'patchBlobUpload 413': withUpload({ body: tooLarge }),
  'patchBlobUpload 416': withUpload({ body: content, headers: { 'content-range': '7-27' } }),
  'finishBlobUpload 201': withUpload({ body: content, query: { digest } }),
  'finishBlobUpload 400': withUpload({ body: 'other content', query: { digest } }),
  'finishBlobUpload 404': unknown({ body: content, query: { digest } }),
  'finishBlobUpload 409': busy({ body: content, query: { digest } }),
  'finishBlobUpload 413': withUpload({ body: tooLarge, query: { digest } }),
  'finishBlobUpload 416': withUpload({
    body: content,
    query: { digest },
    headers: { 'content-range': '7-27' },
  }),
  'cancelBlobUpload 204': withUpload(),
  'cancelBlobUpload 404': unknown(),
  'cancelBlobUpload 409': busy(),
}
