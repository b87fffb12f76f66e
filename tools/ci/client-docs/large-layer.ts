import assert from 'node:assert/strict'
import { createCipheriv, createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { check } from '../check.ts'
import type { Shell } from '../lines/shell.ts'
import { startCuttingProxy, type CuttingProxy } from './cutting-proxy.ts'
import { sha256, viewRegistry, type RegistryView } from './registry.ts'

const mebibyte = 1_048_576
const fileBytes = 1024 * mebibyte
const cutAfterBytes = 300 * mebibyte

interface Layer {
  digest: string
  size: number
}

/** Pushes one layer of 1 GiB and pulls it back over connections that break in the middle. */
export async function tryLargeLayer(registry: RegistryView, shell: Shell): Promise<void> {
  const { host, username, password } = registry.account
  const layer = await writeLargeLayout(shell)
  await check('clients skopeo pushes a layer of 1 GiB', () =>
    shell(`skopeo copy --preserve-digests --dest-tls-verify=false --dest-creds ${username}:${password} \
      oci:layout:large docker://${host}/${username}/large:1`),
  )
  await check('clients oras pushes a layer of 1 GiB', () =>
    shell(`oras copy --from-oci-layout --to-plain-http --to-username ${username} --to-password ${password} \
      layout:large ${host}/${username}/large-by-oras:1`),
  )
  await rm(join(shell.folder, 'layout'), { recursive: true })
  await check('clients fetch resumes a pull of 1 GiB by Range', () =>
    withCut(host, (proxy) => resumeByRange(registry, proxy, layer)),
  )
  const digest = await registry.digest('large', '1')
  for (const [client, lines] of Object.entries({
    docker: (image: string, place: string) => `
      echo ${password} | docker login ${place} --username ${username} --password-stdin
      docker pull ${image}; docker image rm ${image}`,
    containerd: (image: string) => `
      ctr images pull --plain-http --user ${username}:${password} ${image}
      ctr images ls; ctr images rm --sync ${image}`,
    regctl: (image: string, place: string) => `
      regctl registry set --skip-check --tls disabled ${place}
      echo ${password} | regctl registry login ${place} --user ${username} --pass-stdin
      regctl image copy ${image} ocidir://pulled:large
      regctl image digest ocidir://pulled:large; rm -r pulled`,
  }))
    await check(`clients ${client} resumes a pull of 1 GiB that breaks`, () =>
      withCut(host, async (proxy) => {
        const output = await shell(lines(`${proxy.host}/${username}/large:1`, proxy.host))
        assert.ok(digest && output.includes(digest), output)
      }),
    )
}

/** A connection broke, and somebody went on in the middle. */
async function withCut(host: string, work: (proxy: CuttingProxy) => Promise<void>): Promise<void> {
  const proxy = await startCuttingProxy(host, cutAfterBytes)
  try {
    await work(proxy)
    assert.equal(proxy.cuts, 1)
    assert.ok(Math.max(0, ...proxy.offsets) > 0, `ranges from ${proxy.offsets.join(', ')}`)
  } finally {
    await proxy.stop()
  }
}

async function resumeByRange(
  { account }: RegistryView,
  proxy: CuttingProxy,
  { digest, size }: Layer,
): Promise<void> {
  const registry = viewRegistry({ ...account, host: proxy.host })
  const hash = createHash('sha256')
  const first = await registry.fetch('large', `blobs/${digest}`)
  assert.equal(first.headers.get('accept-ranges'), 'bytes')
  const received = await hashUntilBroken(first, hash)
  assert.ok(received > 0 && received < size, `${received} bytes before the connection broke`)
  const rest = await registry.fetch('large', `blobs/${digest}`, {
    headers: { range: `bytes=${received}-`, 'if-range': `"${digest}"` },
  })
  assert.equal(rest.status, 206)
  assert.equal(rest.headers.get('content-range'), `bytes ${received}-${size - 1}/${size}`)
  assert.equal(received + (await hashUntilBroken(rest, hash)), size)
  assert.equal(`sha256:${hash.digest('hex')}`, digest)
}

async function hashUntilBroken({ body }: Response, hash: Hash): Promise<number> {
  let received = 0
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      received += chunk.length
    }
  } catch (error) {
    assert.equal((error as Error).message, 'terminated')
  }
  return received
}

/** Writes an OCI image layout with one layer: a tar archive of one file that nothing can compress. */
async function writeLargeLayout(shell: Shell): Promise<Layer> {
  const folder = join(shell.folder, 'layout')
  const blobs = join(folder, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  await writeNoise(join(shell.folder, 'noise'))
  await shell('tar --create --file layer.tar --remove-files noise')
  const layer = await describe(join(shell.folder, 'layer.tar'))
  await rename(join(shell.folder, 'layer.tar'), join(blobs, layer.digest.slice('sha256:'.length)))
  const put = async (mediaType: string, value: unknown) => {
    const bytes = Buffer.from(JSON.stringify(value))
    const digest = sha256(bytes)
    await writeFile(join(blobs, digest.slice('sha256:'.length)), bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const type = (kind: string) => `application/vnd.oci.image.${kind}`
  const manifest = await put(type('manifest.v1+json'), {
    schemaVersion: 2,
    mediaType: type('manifest.v1+json'),
    config: await put(type('config.v1+json'), {
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }),
    layers: [{ mediaType: type('layer.v1.tar'), ...layer }],
  })
  const annotations = { 'org.opencontainers.image.ref.name': 'large' }
  const top = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
  await writeFile(join(folder, 'index.json'), JSON.stringify(top))
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return layer
}

async function writeNoise(path: string): Promise<void> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  const zeros = Buffer.alloc(mebibyte)
  const file = await open(path, 'w')
  try {
    for (let written = 0; written < fileBytes; written += mebibyte)
      await file.write(cipher.update(zeros))
  } finally {
    await file.close()
  }
}

async function describe(path: string): Promise<Layer> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { digest: `sha256:${hash.digest('hex')}`, size: (await stat(path)).size }
}
