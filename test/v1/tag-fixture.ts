import { type Call } from '#test/support/client.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

/** Digest of nothing that is there. */
export const unknownDigest = `sha256:${'0'.repeat(64)}`
/** Seconds of a day. */
export const day = 86_400

/** A server where `acme` owns `acme/nginx`, whose tags point at one image. */
export async function startWithTags(tags = ['edge'], settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  await server.user('acme')
  const { url, image } = await server.repository('acme/nginx', tags)
  return { server, owner: server.as('acme'), url, image }
}

/** Protects a tag, as a rule would. */
export async function makeImmutable(server: TestServer, name: string): Promise<void> {
  await server.deps.db
    .updateTable('tag')
    .set({ is_immutable: true })
    .where('name', '=', name)
    .execute()
}

/** Adds `count` live tags `t-000`, `t-001`, …, each a second younger than the one before, by SQL. */
export async function addTags(server: TestServer, count: number): Promise<void> {
  const { db } = server.deps
  const { id, repository_id } = await db
    .selectFrom('manifest')
    .select(['id', 'repository_id'])
    .executeTakeFirstOrThrow()
  await db
    .insertInto('tag')
    .values(
      Array.from({ length: count }, (_, index) => ({
        repository_id,
        manifest_id: id,
        name: `t-${String(index).padStart(3, '0')}`,
        started_at: new Date(Date.parse('2020-01-01T00:00:00Z') + index * 1000),
      })),
    )
    .execute()
}

/** Names of the tags that a list shows. */
export async function namesOf(call: Call, path: string): Promise<string[]> {
  const { json } = await call('GET', path)
  return json.tags.map(({ name }: { name: string }) => name)
}

/** The server's time in seconds since 1970. */
export const nowSeconds = (server: TestServer) => Math.floor(server.clock.now().getTime() / 1000)
