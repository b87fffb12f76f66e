import { createHash } from 'node:crypto'

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'

import { mintToken, setEnabled } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { makeRobot } from '#test/support/machine.ts'
import { startServer } from '#test/support/server.ts'
import { startWithOrganization } from './permission-fixture.ts'

const path = '/api/v1/entities'

interface Result {
  name: string
  kind: string
}

/** What a search gives, as `kind name`. */
async function find(call: Call, prefixAndQuery: string): Promise<string[]> {
  const { json } = await call('GET', `${path}/${prefixAndQuery}`)
  return json.results.map(({ kind, name }: Result) => `${kind} ${name}`)
}

/** `startWithOrganization`, and robots `ada+build`, `acme+bot`. */
async function startWithRobots(settings: Record<string, string> = {}) {
  const started = await startWithOrganization(settings)
  await makeRobot(started.server, 'ada', 'build')
  await makeRobot(started.server, 'acme', 'bot')
  return started
}

describe('getMatchingEntities', () => {
  test('finds users by the start of their names, for anybody', async () => {
    const { server, eve } = await startWithRobots()
    for (const call of [server.call, eve]) {
      expect(await find(call, 'b')).toEqual(['user bob'])
      expect(await find(call, 'ada')).toEqual(['user ada'])
      expect(await find(call, 'dab')).toEqual([])
      expect(await find(call, 'acme')).toEqual([])
    }
  })

  test('takes no notice of accents, spaces and capital letters, and has no wild cards', async () => {
    const { eve } = await startWithRobots()
    expect(await find(eve, encodeURIComponent(' Á D'))).toEqual(['user ada'])
    for (const text of ['%', '_', '.*', 'a.a', 'a%', "'", '+', ' ', '\u{10FFFF}'])
      expect(await find(eve, encodeURIComponent(text))).toEqual([])
  })

  test('shows members of an organization its robots, its teams and itself, teams first', async () => {
    const { ada, bob } = await startWithRobots()
    const all = 'namespace=acme&includeTeams=true&includeOrgs=true'
    for (const call of [ada, bob]) {
      expect(await find(call, `b?${all}`)).toEqual(['user bob', 'user acme+bot'])
      expect(await find(call, `m?${all}`)).toEqual(['team members'])
      expect(await find(call, `a?${all}`)).toEqual(['user ada', 'org acme'])
      expect(await find(call, 'm?namespace=acme')).toEqual([])
    }
    const { json } = await bob('GET', `${path}/e?${all}`)
    expect(json.results).toMatchObject([{ name: 'eve', is_robot: false, is_org_member: false }])
    const robots = await bob('GET', `${path}/bot?${all}`)
    expect(robots.json.results).toMatchObject([
      { name: 'acme+bot', is_robot: true, is_org_member: true, avatar: { kind: 'robot' } },
    ])
  })

  test('tells strangers nothing of an organization: not its robots, its teams, who is in it, or that it is there', async () => {
    const { server, eve } = await startWithRobots()
    const all = 'includeTeams=true&includeOrgs=true'
    for (const call of [server.call, eve])
      for (const prefix of ['a', 'b', 'm', 'o']) {
        const there = await call('GET', `${path}/${prefix}?namespace=acme&${all}`)
        const nowhere = await call('GET', `${path}/${prefix}?namespace=none&${all}`)
        expect(there.json).toEqual(nowhere.json)
        expect(there.text).not.toMatch(/is_org_member|members|owners|acme/)
      }
  })

  test('shows robots of a user to that user alone', async () => {
    const { server, ada, bob } = await startWithRobots({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true' })
    const { call: root } = await server.user('root', { superuser: true })
    expect(await find(ada, 'bui?namespace=ada')).toEqual(['user ada+build'])
    for (const call of [bob, root, server.call])
      expect(await find(call, 'bui?namespace=ada')).toEqual([])
    const token = await mintToken(server, 'ada', ['user:read', 'org:admin'])
    expect(await find(server.withToken(token), 'bui?namespace=ada')).toEqual([])
  })

  test('shows superusers with full access and global read-only superusers what members see', async () => {
    const { server } = await startWithRobots({
      FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
      GLOBAL_READONLY_SUPER_USERS: 'watcher',
    })
    const { call: root } = await server.user('root', { superuser: true })
    const { call: watcher } = await server.user('watcher')
    for (const call of [root, watcher])
      expect(await find(call, 'bot?namespace=acme')).toEqual(['user acme+bot'])
  })

  test('shows a token only what its scopes reach', async () => {
    const { server } = await startWithRobots()
    const reader = server.withToken(await mintToken(server, 'ada', ['repo:read']))
    const keeper = server.withToken(await mintToken(server, 'ada', ['org:admin']))
    expect(await find(reader, 'bot?namespace=acme')).toEqual([])
    expect(await find(keeper, 'bot?namespace=acme')).toEqual(['user acme+bot'])
  })

  test('neither finds anybody by e-mail address, nor lets one be guessed from the picture', async () => {
    const { eve } = await startWithRobots()
    expect(await find(eve, encodeURIComponent('ada@example.com'))).toEqual([])
    const { json } = await eve('GET', `${path}/ada`)
    const guess = createHash('sha256').update('ada@example.com').digest('hex')
    expect(json.results[0].avatar.hash).not.toBe(guess)
  })

  test('finds whole names alone without FEATURE_PARTIAL_USER_AUTOCOMPLETE', async () => {
    const { ada, eve } = await startWithRobots({ FEATURE_PARTIAL_USER_AUTOCOMPLETE: 'false' })
    const all = 'namespace=acme&includeTeams=true&includeOrgs=true'
    expect(await find(eve, 'bo')).toEqual([])
    expect(await find(eve, 'bob')).toEqual(['user bob'])
    for (const start of ['bo', 'member', 'acm'])
      expect(await find(ada, `${start}?${all}`)).toEqual([])
    expect(await find(ada, `bot?${all}`)).toEqual(['user acme+bot'])
    expect(await find(ada, `members?${all}`)).toEqual(['team members'])
    expect(await find(ada, `acme?${all}`)).toEqual(['org acme'])
  })

  test('leaves out whoever is on the way out, and what a disabled organization has', async () => {
    const { server, ada, eve } = await startWithRobots()
    const leaving = { deleted_at: server.clock.now(), enabled: false }
    await server.deps.db.updateTable('namespace').set(leaving).where('name', '=', 'bob').execute()
    expect(await find(eve, 'b')).toEqual([])
    await setEnabled(server, 'acme', false)
    expect(await find(ada, 'b?namespace=acme')).toEqual([])
  })

  test('gives at most ten of each, by an index, however many names begin alike', async () => {
    const { server, ada } = await startWithOrganization()
    const { db } = server.deps
    const owner = sql`(select id from namespace where name = 'acme')`
    await sql`
      with made as (
        insert into namespace (name, kind, tag_expiration_seconds, created_at)
        select 'bulk-' || lpad(i::text, 6, '0'), 'user', 0, now() from generate_series(1, 20000) i returning id),
      accounts as (insert into user_account (namespace_id, is_verified) select id, true from made)
      insert into team (namespace_id, name, role)
      select ${owner}, 'bulk-' || i, 'member' from generate_series(1, 100) i`.execute(db)
    for (let index = 0; index < 12; index++) await makeRobot(server, 'acme', `bulk-${index}`)
    const found = await find(ada, 'bulk?namespace=acme&includeTeams=true')
    expect(found.filter((line) => line.startsWith('team '))).toHaveLength(10)
    expect(found.filter((line) => line.includes('+'))).toHaveLength(10)
    expect(found).toHaveLength(30)
    expect(found[10]).toBe('user bulk-000001')
    await sql`analyze namespace`.execute(db)
    const { rows } = await sql<Record<string, string>>`explain
      select name from namespace n where n.kind = 'user' and n.deleted_at is null
        and n.name between 'bulk' and 'bulk~' order by n.name limit 10`.execute(db)
    const plan = rows.map((row) => Object.values(row)[0]).join('\n')
    expect(plan).toContain('namespace_user_name')
    expect(plan).not.toContain('Sort')
  })

  test('is refused to nobody when the registry serves nobody anonymously', async () => {
    const server = await startServer({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    expect(await outcome(server.call('GET', `${path}/a`))).toEqual([401, 'invalid_token'])
    expect(await outcome(server.call('GET', `${path}/${'x'.repeat(256)}`))).toEqual([
      401,
      'invalid_token',
    ])
  })
})
