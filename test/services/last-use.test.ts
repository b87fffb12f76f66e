import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { openLastUse } from '#services/last-use.ts'
import { transact } from '#store/db.ts'
import { mintToken } from '#test/support/account.ts'
import { basicAuth, makeRobot, mintAppToken } from '#test/support/machine.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

/** Last uses as they stand in the database. */
async function storedUses(server: TestServer): Promise<Record<string, Date | null>> {
  const { rows } = await sql<{ kind: string; last_used_at: Date | null }>`
    select 'robot' as kind, last_used_at from robot
    union all select 'app_token', last_used_at from app_token
    union all select 'oauth_token', last_used_at from oauth_token`.execute(server.deps.db)
  return Object.fromEntries(rows.map(({ kind, last_used_at }) => [kind, last_used_at]))
}

/** Counts how often rows of `robot` are updated from now on. */
async function countUpdates(server: TestServer): Promise<() => Promise<number>> {
  const { db } = server.deps
  await sql`create table update_count (n integer)`.execute(db)
  await sql`create function count_update() returns trigger language plpgsql
    as 'begin insert into update_count values (1); return null; end'`.execute(db)
  await sql`create trigger counted after update on robot
    for each statement execute function count_update()`.execute(db)
  return async () => {
    const { rows } = await sql<{
      n: number
    }>`select count(*)::integer as n from update_count`.execute(db)
    return rows[0]!.n
  }
}

test('many logins of many robots make one write', async () => {
  const server = await startServer()
  await server.user('acme')
  const robots = [await makeRobot(server, 'acme', 'ci'), await makeRobot(server, 'acme', 'cd')]
  const updates = await countUpdates(server)
  for (let each = 0; each < 5; each += 1)
    for (const { name, token } of robots)
      await server.call('GET', '/v2/auth', { headers: basicAuth(name, token) })
  expect(await updates()).toBe(0)
  await server.deps.lastUse.flush()
  expect(await updates()).toBe(1)
  await server.deps.lastUse.flush()
  expect(await updates()).toBe(1)
  const { rows } = await sql`select from robot where last_used_at is not null`.execute(
    server.deps.db,
  )
  expect(rows).toHaveLength(2)
})

test('each kind of credential that was accepted is written down, at the token service and elsewhere', async () => {
  const server = await startServer()
  await server.user('acme')
  const robot = await makeRobot(server, 'acme', 'ci')
  const appToken = await mintAppToken(server, 'acme')
  const oauthToken = await mintToken(server, 'acme', ['user:read'])
  await server.call('GET', '/v2/auth', { headers: basicAuth(robot.name, robot.token) })
  await server.call('GET', '/v2/auth', { headers: basicAuth('$app', appToken) })
  await server.withToken(oauthToken)('GET', '/api/v1/user/')
  await server.deps.lastUse.flush()
  expect(await storedUses(server)).toEqual({
    robot: expect.any(Date),
    app_token: expect.any(Date),
    oauth_token: expect.any(Date),
  })
})

test('a credential that was refused leaves no time behind', async () => {
  const server = await startServer()
  await server.user('acme')
  const robot = await makeRobot(server, 'acme', 'ci')
  await server.call('GET', '/v2/auth', { headers: basicAuth(robot.name, 'A'.repeat(64)) })
  await server.deps.lastUse.flush()
  expect(await storedUses(server)).toEqual({ robot: null })
})

test('a time never goes back, and a row that somebody else holds is left out', async () => {
  const server = await startServer()
  const { db, config } = server.deps
  await server.user('acme')
  const { id } = await makeRobot(server, 'acme', 'ci')
  const later = new Date('2030-01-01T00:00:00Z')
  const clock = { now: () => later }
  const open = () => openLastUse({ db, clock, config, onError: () => {} })
  await transact(db, async (tx) => {
    await sql`select from robot for update`.execute(tx)
    const blocked = open()
    blocked.record('robot', id)
    await blocked.close()
  })
  expect(await storedUses(server)).toEqual({ robot: null })
  const first = open()
  first.record('robot', id)
  await first.close()
  server.deps.lastUse.record('robot', id)
  await server.deps.lastUse.flush()
  expect(await storedUses(server)).toEqual({ robot: later })
})

test('what the database did not take is written the next time', async () => {
  const server = await startServer()
  const { db, config, clock } = server.deps
  await server.user('acme')
  const { id } = await makeRobot(server, 'acme', 'ci')
  const errors: unknown[] = []
  const uses = openLastUse({ db, clock, config, onError: (error) => errors.push(error) })
  await sql`alter table robot rename to gone`.execute(db)
  uses.record('robot', id)
  await uses.flush()
  await sql`alter table gone rename to robot`.execute(db)
  await uses.close()
  expect(errors).toHaveLength(1)
  expect(await storedUses(server)).toEqual({ robot: expect.any(Date) })
})
