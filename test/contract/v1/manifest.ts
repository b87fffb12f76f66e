import type { Fixtures } from '../fixture.ts'

/** Manifests as people look at them. */
export const manifest: Fixtures = {
  async 'getRepoManifest 200'(world) {
    const { name: repository, image } = await world.repository()
    return {
      path: { repository, manifestref: image.digest },
      headers: world.as(world.people.keeper),
    }
  },
}
