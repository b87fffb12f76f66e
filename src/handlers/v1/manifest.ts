import { isDigest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { readLayers } from '#services/read-layers.ts'
import { findManifest } from '#store/manifest.ts'
import type { Handlers } from '#operation.ts'
import { viewManifest } from './manifest-view.ts'

/** Manifests as people look at them. */
export const manifest: Handlers<'getRepoManifest'> = {
  async getRepoManifest({ target, params }, deps) {
    const { manifestref: digest } = params
    const found = isDigest(digest)
      ? await findManifest(deps.db, { repositoryId: target.id, digest })
      : undefined
    if (!found) throw new RegistryError('not_found', `no manifest ${digest} in ${target.fullName}`)
    const layers = found.isIndex ? undefined : await readLayers(deps, target.id, found)
    return { status: 200, body: viewManifest(found, layers) }
  },
}
