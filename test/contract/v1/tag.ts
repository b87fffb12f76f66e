import type { Fixture, Fixtures } from '../fixture.ts'

const withTag =
  (bodyOf: (digest: string) => object | undefined): Fixture =>
  async (world) => {
    const { name: repository, image } = await world.repository()
    return {
      path: { repository, tag: 'latest' },
      headers: world.as(world.people.keeper),
      body: bodyOf(image.digest),
    }
  }
const toDigest = (manifest_digest: string) => ({ manifest_digest })

/** Tags and their history. */
export const tag: Fixtures = {
  async 'listRepoTags 200'(world) {
    const { name: repository } = await world.repository()
    return { path: { repository }, headers: world.as(world.people.keeper) }
  },
  'changeTag 201': withTag(toDigest),
  'deleteFullTag 204': withTag(() => undefined),
  'restoreTag 200': withTag(toDigest),
  'removeTagFromTimemachine 200': withTag(() => ({ is_alive: true })),
}
