import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { makeOrganization } from '#test/support/account.ts'
import type { Answer, Call } from '#test/support/client.ts'
import { makeRobot } from '#test/support/machine.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { insertPointing, listLooseIds, listPointers, snapshot, type Pointer } from './pointers.ts'

/** Rows that outlive what they point at: they tell of something else, and keep a name where one is needed. */
const outliving = [
  'log_entry.namespace_id',
  'log_entry.repository_id',
  'oauth_token.created_by_id',
  'service_key.approver_id',
  'team_invite.inviter_id',
]

/** Rows that are the thing itself, or (robots) that need more than a row. */
const parts = [
  'user_account.namespace_id',
  'organization.namespace_id',
  'robot.account_id',
  'robot.owner_id',
]

const fullName = ({ table, column }: Pointer) => `${table}.${column}`

/** Something that can be deleted, the tables that have a row of it, and how it is deleted. */
interface Thing {
  id: number
  tables: string[]
  remove(): Promise<Answer>
}

type Make = (server: TestServer, ada: Call) => Promise<Thing>

const things: Record<string, Make> = {
  async user(server) {
    const { id, call } = await server.user('bob')
    await makeRobot(server, 'bob', 'own')
    const remove = () => call('DELETE', '/api/v1/user/')
    return { id, tables: ['namespace', 'user_account'], remove }
  },
  async organization(server, ada) {
    await makeOrganization(server, 'beta', { admin: 'ada' })
    await makeRobot(server, 'beta', 'own')
    const remove = () => ada('DELETE', '/api/v1/organization/beta')
    return { id: await idOf(server, 'namespace', 'beta'), tables: ['namespace'], remove }
  },
  async robot(server, ada) {
    const { id } = await makeRobot(server, 'acme', 'ci')
    const remove = () => ada('DELETE', '/api/v1/organization/acme/robots/ci')
    return { id, tables: ['namespace', 'user_account'], remove }
  },
  async team(server, ada) {
    const path = '/api/v1/organization/acme/team/builders'
    await ada('PUT', path, { body: { role: 'member' } })
    const id = await idOf(server, 'team', 'builders')
    return { id, tables: ['team'], remove: () => ada('DELETE', path) }
  },
  async application(server, ada) {
    const path = '/api/v1/organization/acme/applications'
    const { json } = await ada('POST', path, { body: { name: 'ci' } })
    const id = await idOf(server, 'oauth_application', 'ci')
    const remove = () => ada('DELETE', `${path}/${json.client_id}`)
    return { id, tables: ['oauth_application'], remove }
  },
}

async function idOf({ deps }: TestServer, table: string, name: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from ${sql.table(table)} where name = ${name}`.execute(deps.db)
  return rows[0]!.id
}

/** An organization with one of everything that rows must point at beside the thing. */
async function makeKeepers(
  server: TestServer,
): Promise<{ ada: Call; keepers: Record<string, number> }> {
  const { id: adaId, call: ada } = await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada', member: 'ada' })
  await ada('POST', '/api/v1/repository', {
    body: { namespace: 'acme', repository: 'app', visibility: 'private', description: '' },
  })
  await ada('POST', '/api/v1/organization/acme/applications', { body: { name: 'kept' } })
  const keepers = {
    namespace: await idOf(server, 'namespace', 'acme'),
    user_account: adaId,
    team: await idOf(server, 'team', 'members'),
    repository: await idOf(server, 'repository', 'app'),
    oauth_application: await idOf(server, 'oauth_application', 'kept'),
  }
  return { ada, keepers }
}

test.for(Object.entries(things))(
  'a deleted %s leaves no row that pointed at it, in any table, and nothing else changes',
  async ([, make]) => {
    const server = await startServer()
    const { db } = server.deps
    const { ada, keepers } = await makeKeepers(server)
    const pointers = await listPointers(db)
    for (const pointer of pointers.filter((each) => outliving.includes(fullName(each))))
      await insertPointing(db, pointer, { id: null, keepers, pointers })
    const before = await snapshot(db)

    const { id, tables, remove } = await make(server, ada)
    const pointing = pointers.filter(
      (each) => tables.includes(each.target) && !parts.includes(fullName(each)),
    )
    for (const pointer of pointing)
      if (outliving.includes(fullName(pointer)))
        await sql`update ${sql.table(pointer.table)} set ${sql.ref(pointer.column)} = ${id}
          where ${sql.ref(pointer.column)} is null`.execute(db)
      else await insertPointing(db, pointer, { id, keepers, pointers })
    expect(pointing.length).toBeGreaterThan(2)
    expect(await snapshot(db)).not.toEqual(before)

    expect((await remove()).status).toBe(204)
    await server.jobs()
    expect(await snapshot(db)).toEqual(before)
  },
)

test('whatever points at an account, a team or an application goes with it, or is known to outlive it', async () => {
  const { deps } = await startServer()
  const targets = ['namespace', 'user_account', 'robot', 'organization', 'team', 'team_invite']
  const pointers = await listPointers(deps.db)
  const staying = pointers.filter(
    ({ target, onDelete }) =>
      [...targets, 'oauth_application', 'repository'].includes(target) && onDelete !== 'cascade',
  )
  expect(staying.map(fullName)).toEqual(outliving)
  // It outlives its account, also when that turns into an organization.
  expect(await listLooseIds(deps.db)).toEqual(['log_entry.performer_id'])
})
