import { makeCall } from '#test/support/client.ts'
import { pushBlob, pushManifest, type PushedImage } from '#test/support/image.ts'
import type { Fixture, Fixtures } from '../fixture.ts'
import type { World } from '../world.ts'

const isIndex = (type: string) => type.includes('index') || type.includes('list')

/** A manifest of a media type over the content of an image: the image again, or an index of it. */
function manifestOf(type: string, image: PushedImage): string {
  const parsed = JSON.parse(image.manifest.toString()) as { mediaType: string }
  if (!isIndex(type)) return JSON.stringify({ ...parsed, mediaType: type })
  const child = { mediaType: parsed.mediaType, digest: image.digest, size: image.manifest.length }
  return JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [child] })
}

/** Asks for a manifest of the media type that the document names next. */
const read: Fixture = async (world, { responseType }) => {
  const { name, image, headers, call } = await world.repository()
  if (responseType.includes('manifest') || responseType.includes('index'))
    await pushManifest(
      call,
      name,
      'latest',
      Buffer.from(manifestOf(responseType, image)),
      responseType,
    )
  return { path: { name, reference: 'latest' }, headers }
}
const readHeld: Fixture = async (world) => {
  const { name, image, headers } = await world.repository()
  return {
    path: { name, reference: 'latest' },
    headers: { ...headers, 'if-none-match': `"${image.digest}"` },
  }
}
const missing: Fixture = async (world, wanted) => {
  const sent = await read(world, wanted)
  return { ...sent, path: { ...sent.path, reference: 'never-pushed' } }
}
const push: Fixture = async (world, { requestType }) => {
  const { name, image, headers } = await world.repository()
  return { path: { name, reference: 'edge' }, headers, body: manifestOf(requestType, image) }
}
const remove: Fixture = async (world) => {
  const { name, image, headers } = await world.repository()
  return { path: { name, reference: image.digest }, headers }
}

async function inImmutable(world: World) {
  const { repository: name, tag: reference } = world.immutable
  const scope = `repository:${name}:pull,push,delete`
  return { path: { name, reference }, headers: await world.token(world.people.keeper, scope) }
}

/** Manifests, tags, referrers and what else is asked of a repository. */
export const manifest: Fixtures = {
  'getManifest 200': read,
  'getManifest 304': readHeld,
  'getManifest 404': missing,
  'headManifest 200': read,
  'headManifest 304': readHeld,
  'headManifest 404': missing,
  'putManifest 201': push,
  'putManifest 400': async (world, wanted) => ({
    ...(await push(world, wanted)),
    body: JSON.stringify({ schemaVersion: 2, mediaType: wanted.requestType }),
  }),
  async 'putManifest 409'(world, { requestType: type }) {
    const { headers, path } = await inImmutable(world)
    const call = makeCall(world.servers.main, () => headers)
    const digest = await pushBlob(call, path.name, Buffer.from('{}'))
    const content = isIndex(type)
      ? { manifests: [] }
      : { config: { mediaType: 'application/vnd.oci.empty.v1+json', digest, size: 2 }, layers: [] }
    return {
      path,
      headers,
      body: JSON.stringify({ schemaVersion: 2, mediaType: type, ...content }),
    }
  },
  async 'putManifest 414'(world, wanted) {
    const { name, image, headers } = await world.repository()
    const tag = Array.from({ length: 101 }, (_, index) => `t${index}`)
    const body = manifestOf(wanted.requestType, image)
    return { path: { name, reference: image.digest }, query: { tag }, headers, body }
  },
  'deleteManifest 202': remove,
  'deleteManifest 404': async (world, wanted) => {
    const sent = await remove(world, wanted)
    return { ...sent, path: { ...sent.path, reference: 'never-pushed' } }
  },
  'deleteManifest 409': (world) => inImmutable(world),
  async 'listTags 200'(world) {
    const { name, headers } = await world.repository()
    return { path: { name }, headers }
  },
  async 'discoverRepositoryExtensions 200'(world) {
    const { name, headers } = await world.repository()
    return { path: { name }, headers }
  },
  async 'listReferrers 200'(world) {
    const { name, image, headers, call } = await world.repository()
    const { mediaType, ...rest } = JSON.parse(image.manifest.toString())
    const subject = { mediaType, digest: image.digest, size: image.manifest.length }
    await pushManifest(
      call,
      name,
      'signature',
      Buffer.from(JSON.stringify({ mediaType, ...rest, subject })),
    )
    return { path: { name, digest: image.digest }, headers }
  },
}
