import { sql } from 'kysely'

import { type Call } from '#test/support/client.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

/** A new repository without its name. */
export const newRepo = { visibility: 'private', description: '' }

/** A server where `acme` owns the private repository `acme/nginx`, and `stranger` owns nothing. */
export async function startWithRepository(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  await server.user('acme')
  await server.user('stranger')
  const { url, image } = await server.repository('acme/nginx', ['edge'])
  return { server, owner: server.as('acme'), stranger: server.as('stranger'), url, image }
}

/** Makes a repository in the caller's namespace, unless the fields say otherwise. */
export function create(call: Call, repository: string, more: object = {}) {
  return call('POST', '/api/v1/repository', { body: { ...newRepo, repository, ...more } })
}

/** Full names of the repositories that a list shows. */
export async function namesOf(call: Call, query: string): Promise<string[]> {
  const { json } = await call('GET', `/api/v1/repository?${query}`)
  return json.repositories.map(
    ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`,
  )
}

/** Adds repositories `r-000`, `r-001`, … to a namespace, by SQL. */
export async function addRepositories(server: TestServer, namespace: string, count: number) {
  await sql`
    insert into repository (namespace_id, name, is_public, created_at)
    select n.id, 'r-' || lpad(i::text, 3, '0'), true, now()
    from namespace n, generate_series(0, ${count - 1}::integer) i
    where n.name = ${namespace} order by i`.execute(server.deps.db)
}
