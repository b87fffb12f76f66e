import { digestOf } from '#domain/digest.ts'
import { pushBlob } from '#test/support/image.ts'
import type { Fixture, Fixtures } from '../fixture.ts'

/** A blob that no manifest names, in a repository of the keeper. */
const withBlob =
  (extra: Record<string, string> = {}): Fixture =>
  async (world) => {
    const { name, headers, call } = await world.repository()
    const digest = await pushBlob(call, name, Buffer.from(`blob of ${name}`))
    return { path: { name, digest }, headers: { ...headers, ...extra } }
  }
const held: Fixture = async (world, wanted) => {
  const { path, headers } = await withBlob()(world, wanted)
  return { path: path!, headers: { ...headers, 'if-none-match': `"${path!.digest}"` } }
}
const missing: Fixture = async (world, wanted) => {
  const sent = await withBlob()(world, wanted)
  return { ...sent, path: { ...sent.path, digest: digestOf(Buffer.from('never pushed')) } }
}

/** Blobs. */
export const blob: Fixtures = {
  'getBlob 200': withBlob(),
  'getBlob 206': (world, wanted) => {
    const isMultipart = wanted.responseType.startsWith('multipart')
    return withBlob({ range: isMultipart ? 'bytes=0-1,3-4' : 'bytes=0-1' })(world, wanted)
  },
  'getBlob 304': held,
  'getBlob 404': missing,
  'getBlob 416': withBlob({ range: 'bytes=1000-' }),
  'headBlob 200': withBlob(),
  'headBlob 304': held,
  'headBlob 404': missing,
  'deleteBlob 202': withBlob(),
  'deleteBlob 404': missing,
  async 'deleteBlob 405'(world) {
    const { name, image, headers } = await world.repository()
    return { path: { name, digest: digestOf(image.layer) }, headers }
  },
}
