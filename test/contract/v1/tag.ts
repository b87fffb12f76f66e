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

/** A repository that takes no changes. */
const readOnly =
  (fixture: Fixture): Fixture =>
  async (world, wanted) => {
    const sent = await fixture(world, wanted)
    await world.makeReadOnly(sent.path!.repository!)
    return sent
  }
const [change, remove, restore] = [withTag(toDigest), withTag(() => undefined), withTag(toDigest)]

/** Tags and their history. */
export const tag: Fixtures = {
  async 'listRepoTags 200'(world) {
    const { name: repository } = await world.repository()
    return { path: { repository }, headers: world.as(world.people.keeper) }
  },
  'changeTag 201': change,
  'changeTag 503': readOnly(change),
  'deleteFullTag 204': remove,
  'deleteFullTag 503': readOnly(remove),
  'restoreTag 200': restore,
  'restoreTag 503': readOnly(restore),
  'removeTagFromTimemachine 200': withTag(() => ({ is_alive: true })),
}
