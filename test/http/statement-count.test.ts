import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { makeOrganization } from '#test/support/account.ts'
import type { Call } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { watchStatements } from '#test/support/statements.ts'

/** Puts `bob` into as many teams of `acme`, each with a role on `acme/app`, and gives as many others a role there. */
async function addTeamsAndGrants({ deps }: TestServer, count: number): Promise<void> {
  await sql`
    with teams as (
      insert into team (namespace_id, name, role)
      select n.id, 'team-' || ${count}::integer || '-' || i, 'member' from namespace n, generate_series(1, ${count}::integer) i
      where n.name = 'acme' returning id),
    members as (
      insert into team_member select teams.id, n.id from teams, namespace n where n.name = 'bob'),
    made as (
      insert into namespace (name, kind, tag_expiration_seconds, created_at)
      select 'person-' || ${count}::integer || '-' || i, 'user', 0, now() from generate_series(1, ${count}::integer) i
      returning id),
    people as (insert into user_account (namespace_id, is_verified) select id, true from made returning namespace_id),
    given as (
      insert into repository_grant select r.id, people.namespace_id, 'read' from repository r, people)
    insert into repository_team_grant select r.id, teams.id, 'read' from repository r, teams`.execute(
    deps.db,
  )
}

test('looking up rights costs one prepared statement a request, whatever the number of teams and grants', async () => {
  const server = await startServer()
  await server.user('ada')
  const { call: bob } = await server.user('bob')
  await makeOrganization(server, 'acme', { admin: 'ada', member: 'bob' })
  const ada = await server.registry('ada', 'repository:acme/app:pull,push')
  await pushImage(ada, 'acme/app', ['latest'])
  await addTeamsAndGrants(server, 1)
  const pull = await server.registry('bob', 'repository:acme/app:pull')
  const requests: Record<string, [Call, string]> = {
    'a repository of v1': [bob, '/api/v1/repository/acme/app'],
    'members of an organization': [bob, '/api/v1/organization/acme/team/members/members'],
    'a manifest of v2': [pull, '/v2/acme/app/manifests/latest'],
  }
  const countAll = async () => {
    const counts: Record<string, { all: number; rights: number }> = {}
    for (const [what, [call, path]] of Object.entries(requests)) {
      await call('GET', path)
      const { answer, statements, unprepared } = await watchStatements(() => call('GET', path))
      expect([answer.status, unprepared]).toEqual([200, []])
      const rights = statements.filter((text) => text.includes('granted_rank')).length
      counts[what] = { all: statements.length, rights }
    }
    return counts
  }
  const few = await countAll()
  expect(Object.values(few).map(({ rights }) => rights)).toEqual([1, 1, 1])
  await addTeamsAndGrants(server, 200)
  expect(await countAll()).toEqual(few)
})

test('the token service asks once for the rights on all repositories of a request', async () => {
  const server = await startServer()
  await server.user('ada')
  await server.repository('ada/app')
  const ask = (names: readonly string[]) =>
    watchStatements(() =>
      server.registry('ada', ...names.map((name) => `repository:${name}:pull,push`)),
    )
  await ask(['ada/app'])
  const { statements: one } = await ask(['ada/app'])
  const names = Array.from({ length: 40 }, (_, index) => `${index % 2 ? 'ada' : 'gone'}/${index}`)
  const { statements: many, unprepared } = await ask(['ada/app', ...names])
  expect([many.length, unprepared]).toEqual([one.length, []])
})
