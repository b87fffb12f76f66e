import { sql } from 'kysely'

import { makeOrganization } from '#test/support/account.ts'
import type { Call } from '#test/support/client.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { create } from './repository-fixture.ts'

/**
 * A server where `ada` administers the organization `acme` with the private repository `acme/nginx`, `bob` is in
 * its team `members`, and `eve` is a stranger.
 */
export async function startWithOrganization(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call: ada } = await server.user('ada')
  const { call: bob } = await server.user('bob')
  const { call: eve } = await server.user('eve')
  await makeOrganization(server, 'acme', { admin: 'ada', member: 'bob' })
  await create(ada, 'nginx', { namespace: 'acme' })
  return { server, ada, bob, eve, url: '/api/v1/repository/acme/nginx' }
}

/** Gives a role by the API; gives the answer. */
export function give(
  call: Call,
  url: string,
  to: `user/${string}` | `team/${string}`,
  role: string,
) {
  return call('PUT', `${url}/permissions/${to}`, { body: { role } })
}

/** Adds users `u-00000`, `u-00001`, … with the role `read` on a repository, by SQL. */
export async function addGrants(server: TestServer, repository: string, count: number) {
  await sql`
    with made as (
      insert into namespace (name, kind, tag_expiration_seconds, created_at)
      select 'u-' || lpad(i::text, 5, '0'), 'user', 0, now() from generate_series(0, ${count - 1}::integer) i
      returning id),
    accounts as (insert into user_account (namespace_id, is_verified) select id, true from made returning namespace_id)
    insert into repository_grant (repository_id, user_id, role)
    select r.id, a.namespace_id, 'read' from accounts a, repository r where r.name = ${repository}`.execute(
    server.deps.db,
  )
}

/** Puts an account into a new team of `acme` that has a role. */
export async function addToTeam(server: TestServer, role: 'creator' | 'admin', userId: number) {
  await sql`
    with made as (
      insert into team (namespace_id, name, role)
      select id, 'more', ${role} from namespace where name = 'acme' returning id)
    insert into team_member (team_id, user_id) select id, ${userId} from made`.execute(
    server.deps.db,
  )
}
