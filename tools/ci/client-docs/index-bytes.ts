import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { check } from '../check.ts'
import { readLayout, writeLayout, type Layout } from '../oci-layout.ts'
import type { Shell } from '../lines/shell.ts'
import type { RegistryView } from './registry.ts'

/** Lines that push the layout `there` to an image and pull it back into the layout `back`. */
type RoundTrip = (image: string, credentials: { username: string; password: string }) => string

const roundTrips: Record<string, RoundTrip> = {
  skopeo: (image, { username, password }) => `
    skopeo copy --all --preserve-digests --dest-tls-verify=false --dest-creds ${username}:${password} \
      oci:there:multi docker://${image}
    skopeo copy --all --preserve-digests --src-tls-verify=false --src-creds ${username}:${password} \
      docker://${image} oci:back:multi`,
  crane: (image, { username, password }) => `
    crane auth login ${image.split('/')[0]} --username ${username} --password ${password}
    crane push there ${image}
    crane pull --format oci ${image} back`,
  regctl: (image, { username, password }) => `
    regctl registry set --skip-check --tls disabled ${image.split('/')[0]}
    regctl registry login ${image.split('/')[0]} --user ${username} --pass ${password}
    regctl image copy ocidir://there:multi ${image}
    regctl image copy ${image} ocidir://back:multi`,
  oras: (image, { username, password }) => `
    oras copy --from-oci-layout --to-plain-http --to-username ${username} --to-password ${password} \
      there:multi ${image}
    oras copy --from-plain-http --from-username ${username} --from-password ${password} \
      --to-oci-layout ${image} back:multi`,
}

/** An index for two platforms, spaced as no client writes it, goes there and back, and no byte is another. */
export async function tryIndexBytes(
  registry: RegistryView,
  shellFor: (name: string) => Promise<Shell>,
): Promise<void> {
  const { host, username } = registry.account
  for (const [client, roundTrip] of Object.entries(roundTrips))
    await check(`clients ${client} index byte for byte`, async () => {
      const shell = await shellFor(`index-${client}`)
      const repository = `index-by-${client}`
      const there = await writeLayout(join(shell.folder, 'there'), 'multi')
      await shell(roundTrip(`${host}/${username}/${repository}:multi`, registry.account))
      assert.deepEqual(await readLayout(join(shell.folder, 'back')), there.digests)
      assert.equal(await registry.digest(repository, 'multi'), there.digest)
      await compareManifests(registry, repository, there)
    })
}

async function compareManifests(registry: RegistryView, repository: string, layout: Layout) {
  const demandSame = async (digest: string) => {
    const held = await registry.manifest(repository, digest)
    const file = join(layout.folder, 'blobs', ...digest.split(':'))
    assert.deepEqual(held.bytes, await readFile(file))
    return held
  }
  const { manifests = [] } = await demandSame(layout.digest)
  assert.equal(manifests.length, 2)
  for (const { digest } of manifests) await demandSame(digest)
  await registry.demandWhole(repository, layout.digest)
}
