import { randomBytes, randomUUID } from 'node:crypto'

import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { deleteNamespace } from '#services/delete-namespace.ts'
import { purgeNamespace } from '#services/purge-namespace.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { transact } from '#store/db.ts'
import { holdNamespace } from '#store/namespace.ts'
import { insertRepository } from '#store/repository.ts'
import { grant, makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { holdOpen, waitForWaiting } from '#test/support/locks.ts'
import { makeRobot } from '#test/support/machine.ts'
import { cookieOf, registryToken, startServer, type TestServer } from '#test/support/server.ts'

async function idOf({ deps }: TestServer, name: string): Promise<number> {
  const found = deps.db.selectFrom('namespace').select('id').where('name', '=', name)
  return (await found.executeTakeFirstOrThrow()).id
}

async function remove(server: TestServer, name: string): Promise<number> {
  const namespaceId = await idOf(server, name)
  const at = server.clock.now()
  await transact(server.deps.db, (tx) => deleteNamespace(tx, { namespaceId, at }))
  return namespaceId
}

async function countRows({ deps }: TestServer): Promise<Record<string, number>> {
  const { rows } = await sql<{ tables: string[] }>`
    select array_agg(table_name::text order by table_name) as tables from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(deps.db)
  const counts: Record<string, number> = {}
  for (const table of rows[0]!.tables) {
    const counted = await sql<{
      n: number
    }>`select count(*)::int as n from ${sql.table(table)}`.execute(deps.db)
    counts[table] = counted.rows[0]!.n
  }
  return counts
}
test('deleting takes the same number of statements however much there is', async () => {
  const server = await startServer()
  await server.user('ada')
  const countOf = async (name: string) => {
    let count = 0
    const counting = server.deps.db.withPlugin({
      transformQuery({ node }) {
        count += 1
        return node
      },
      transformResult: async ({ result }) => result,
    })
    const namespaceId = await idOf(server, name)
    await counting
      .transaction()
      .execute((tx) => deleteNamespace(tx, { namespaceId, at: server.clock.now() }))
    return count
  }
  await makeOrganization(server, 'small', { admin: 'ada' })
  await makeOrganization(server, 'large', { admin: 'ada' })
  const largeId = await idOf(server, 'large')
  await sql`insert into repository (namespace_id, name, is_public, created_at)
    select ${largeId}, 'r' || n, false, now() from generate_series(1, 3000) n`.execute(
    server.deps.db,
  )
  await sql`insert into team (namespace_id, name, role)
    select ${largeId}, 't' || n, 'member' from generate_series(1, 3000) n`.execute(server.deps.db)
  expect(await countOf('large')).toBe(await countOf('small'))
})

test('a purge leaves nothing of an organization but its audit entries, and sets the name free', async () => {
  const server = await startServer()
  await server.user('ada')
  await server.user('bob')
  await makeRobot(server, 'ada', 'own')
  const before = await countRows(server)
  await makeOrganization(server, 'acme', { admin: 'ada', member: 'bob' })
  await server.deps.db.updateTable('organization').set({ email: 'office@example.com' }).execute()
  const push = await server.registry('ada', 'repository:acme/app:pull,push')
  await push('POST', '/v2/acme/app/blobs/uploads/')
  await grant(server, 'acme/app', 'bob', 'write')
  await makeRobot(server, 'acme', 'ci')
  const namespaceId = await remove(server, 'acme')

  await purgeNamespace(server.deps, namespaceId)
  const { log_entry: _before, signing_key: _key, ...rest } = before
  const { log_entry: _after, signing_key: _new, ...left } = await countRows(server)
  expect(left).toEqual(rest)
  const entries = await server.deps.db
    .selectFrom('log_entry')
    .select(['kind', 'namespace_id', 'performer_name'])
    .where('kind', '=', 'create_repo')
    .execute()
  expect(entries).toEqual([{ kind: 'create_repo', namespace_id: null, performer_name: 'ada' }])
  await server.user('acme')
})

test('a purge that was cut off goes on where it was', async () => {
  const blobs = openMemoryDriver()
  let isDying = true
  const server = await startServer(
    {},
    {
      blobs: {
        ...blobs,
        async removeUpload(id) {
          if (isDying) throw new Error('the process is gone')
          await blobs.removeUpload(id)
        },
      },
    },
  )
  await server.user('ada')
  const push = await server.registry('ada', 'repository:ada/app:pull,push')
  const started = await push('POST', '/v2/ada/app/blobs/uploads/')
  await push('PATCH', started.headers.get('location')!, {
    body: randomBytes(100),
    headers: { 'content-type': 'application/octet-stream' },
  })
  const namespaceId = await remove(server, 'ada')
  await expect(purgeNamespace(server.deps, namespaceId)).rejects.toThrow('the process is gone')
  expect(await idOf(server, 'ada')).toBe(namespaceId)
  isDying = false
  await purgeNamespace(server.deps, namespaceId)
  await server.user('ada')
  await purgeNamespace(server.deps, namespaceId)
  expect(await server.deps.db.selectFrom('namespace').select('name').execute()).toEqual([
    { name: 'ada' },
  ])
})

test('a namespace in which somebody writes to an upload is purged when that is over', async () => {
  const server = await startServer()
  await server.user('ada')
  const push = await server.registry('ada', 'repository:ada/app:pull,push')
  await push('POST', '/v2/ada/app/blobs/uploads/')
  await server.deps.db
    .updateTable('upload')
    .set({
      lease_token: randomUUID(),
      leased_until: new Date(server.clock.now().getTime() + 60_000),
    })
    .execute()
  const namespaceId = await remove(server, 'ada')
  await purgeNamespace(server.deps, namespaceId)
  expect(await idOf(server, 'ada')).toBe(namespaceId)
  server.clock.advance(120)
  await purgeNamespace(server.deps, namespaceId)
  expect(await server.deps.db.selectFrom('namespace').select('name').execute()).toEqual([])
})

test('what logs in as or for a deleted namespace is refused at once', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  await server.user('bob')
  await makeOrganization(server, 'acme', { admin: 'bob' })
  const token = server.withToken(await mintToken(server, 'ada', ['user:read']))
  const push = await server.registry('ada', 'repository:ada/app:pull,push')
  // A token of bob's, of an application of acme's.
  const ofAcme = await mintToken(server, 'bob', ['user:read'])
  await server.deps.db
    .updateTable('oauth_application')
    .set({ namespace_id: await idOf(server, 'acme') })
    .where('client_id', '=', `client-${ofAcme.slice(0, 20)}`)
    .execute()
  const me = '/api/v1/user/'
  expect((await ada('GET', me)).status).toBe(200)
  expect((await token('GET', me)).status).toBe(200)
  expect((await server.withToken(ofAcme)('GET', me)).status).toBe(200)
  await remove(server, 'ada')
  await remove(server, 'acme')
  expect(await outcome(ada('GET', me))).toEqual([401, 'invalid_token'])
  expect(await outcome(token('GET', me))).toEqual([401, 'invalid_token'])
  expect(await outcome(server.withToken(ofAcme)('GET', me))).toEqual([401, 'invalid_token'])
  expect((await push('POST', '/v2/ada/app/blobs/uploads/')).status).toBe(401)
  await expect(registryToken(server.call, server.host, 'ada', [])).rejects.toThrow('no token')
})

test('a push that comes while its namespace is being deleted waits, and makes no repository there', async () => {
  const server = await startServer()
  const { db } = server.deps
  await server.user('ada')
  const push = await server.registry('ada', 'repository:ada/app:pull,push')
  const namespaceId = await idOf(server, 'ada')
  const deletion = await holdOpen(db, (tx) =>
    deleteNamespace(tx, { namespaceId, at: server.clock.now() }),
  )
  const answer = push('POST', '/v2/ada/app/blobs/uploads/')
  await waitForWaiting(db, 1)
  await deletion.commit()
  expect(await outcome(answer)).toEqual([403, 'DENIED'])
  expect(await db.selectFrom('repository').select('id').execute()).toEqual([])
})

test('a deletion waits for whoever makes a repository in the namespace, and takes it along', async () => {
  const server = await startServer()
  const { db } = server.deps
  await server.user('ada')
  const namespaceId = await idOf(server, 'ada')
  const making = await holdOpen(db, async (tx) => {
    await holdNamespace(tx, namespaceId)
    const repository = { namespaceId, name: 'app', isPublic: false, description: null }
    await insertRepository(tx, { ...repository, at: server.clock.now() })
  })
  const deletion = remove(server, 'ada')
  await waitForWaiting(db, 1)
  await making.commit()
  await purgeNamespace(server.deps, await deletion)
  expect(await db.selectFrom('namespace').select('id').execute()).toEqual([])
})

test('the e-mail address of a deleted user is free at once, the name is not', async () => {
  const server = await startServer()
  await server.user('ada')
  await remove(server, 'ada')
  await expect(server.user('ada')).rejects.toThrow('The username already exists')
  const body = { username: 'adele', password: 'correct-horse', email: 'ada@example.com' }
  const { headers, json } = await server.call('GET', '/csrf_token')
  const made = await server.call('POST', '/api/v1/user/', {
    headers: { cookie: cookieOf(headers), 'x-csrf-token': json.csrf_token },
    body,
  })
  expect(made.status).toBe(200)
})
