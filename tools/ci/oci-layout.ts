import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}
const blockBytes = 512

/** An image index on disk, as the OCI image layout has it. */
export interface Layout {
  folder: string
  digest: string
  /** Digests of everything in it, sorted. */
  digests: string[]
}

/**
 * Writes an image for two platforms. Its JSON is spaced as nobody writes it: whoever decodes a manifest and encodes it
 * again changes its digest.
 */
export async function writeLayout(folder: string, tag: string): Promise<Layout> {
  const blobs = join(folder, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  const put = async (mediaType: string, bytes: Buffer) => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(blobs, hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const putImage = async (architecture: string) => {
    const tar = makeTar(`hello-${architecture}`, randomBytes(100_000))
    const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`
    const rootfs = { type: 'layers', diff_ids: [diffId] }
    const config = await put(types.config, spaced({ architecture, os: 'linux', rootfs }))
    const layers = [await put(types.layer, gzipSync(tar))]
    const manifest = { schemaVersion: 2, mediaType: types.manifest, config, layers }
    const platform = { architecture, os: 'linux' }
    return { ...(await put(types.manifest, spaced(manifest))), platform }
  }
  const manifests = [await putImage('amd64'), await putImage('arm64')]
  const index = await put(
    types.index,
    spaced({ schemaVersion: 2, mediaType: types.index, manifests }),
  )
  const annotations = { 'org.opencontainers.image.ref.name': tag }
  const top = { schemaVersion: 2, manifests: [{ ...index, annotations }] }
  await writeFile(join(folder, 'index.json'), JSON.stringify(top))
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return { folder, digest: index.digest, digests: await readLayout(folder) }
}

/** Digests of the blobs of a layout, sorted; throws when the bytes of one are others. */
export async function readLayout(folder: string): Promise<string[]> {
  const blobs = join(folder, 'blobs', 'sha256')
  const names = (await readdir(blobs)).toSorted()
  for (const name of names) {
    const bytes = await readFile(join(blobs, name))
    const hex = createHash('sha256').update(bytes).digest('hex')
    if (hex !== name) throw new Error(`${blobs}/${name} holds the bytes of ${hex}`)
  }
  return names.map((name) => `sha256:${name}`)
}

function spaced(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 3)}\n\n`)
}

/** A tar archive of one file (POSIX ustar). */
function makeTar(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(blockBytes)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes)
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * blockBytes)])
}
