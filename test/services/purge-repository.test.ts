import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { purgeRepository } from '#services/purge-repository.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

/** A deleted repository that one manifest, one blob, many lives of tags and many audit entries are left of. */
async function startWithDeleted({ tags }: { tags: number }) {
  const server = await startServer()
  const { call } = await server.user('ada')
  const { url } = await server.repository('ada/app')
  const { db } = server.deps
  const { id } = await db.selectFrom('repository').select('id').executeTakeFirstOrThrow()
  await sql`insert into tag (repository_id, name, manifest_id, started_at)
    select ${id}, 't' || n, (select min(id) from manifest), now() from generate_series(1, ${tags}::int) n`.execute(
    db,
  )
  await sql`insert into log_entry (kind, repository_id, metadata, created_at)
    select 'create_tag', ${id}, '{}', now() from generate_series(1, ${tags}::int)`.execute(db)
  expect((await call('DELETE', url)).status).toBe(204)
  return { ...server, id }
}

/** Writes down how many rows each statement takes out of a table or changes in it. */
async function countRows({ deps: { db } }: TestServer): Promise<() => Promise<number[]>> {
  await sql.raw(`create table seen (number bigint)`).execute(db)
  await sql
    .raw(`create function see() returns trigger language plpgsql as
      $$ begin insert into seen select count(*) from gone; return null; end $$`)
    .execute(db)
  for (const [table, event] of [
    ['tag', 'delete'],
    ['log_entry', 'update'],
  ] as const)
    await sql
      .raw(`create trigger see after ${event} on ${table} referencing old table as gone
        for each statement execute function see()`)
      .execute(db)
  return async () => {
    const { rows } = await sql<{
      number: number
    }>`select number from seen where number > 0`.execute(db)
    return rows.map(({ number }) => number)
  }
}

const rowsOf = async ({ deps: { db } }: TestServer) => ({
  repositories: (await db.selectFrom('repository').select('id').execute()).length,
  manifests: (await db.selectFrom('manifest').select('id').execute()).length,
  held: (await db.selectFrom('repository_blob').select('blob_id').execute()).length,
  tags: (await db.selectFrom('tag').select('id').execute()).length,
})
const nothing = { repositories: 0, manifests: 0, held: 0, tags: 0 }

test('a large repository is removed in batches, and its audit entries stay', async () => {
  const server = await startWithDeleted({ tags: 2_500 })
  const seen = await countRows(server)
  await purgeRepository(server.deps, server.id)
  expect(await rowsOf(server)).toEqual(nothing)
  const numbers = await seen()
  expect(Math.max(...numbers)).toBe(1_000)
  expect(numbers.length).toBeGreaterThanOrEqual(6)
  const { rows } = await sql<{ count: number; ids: number }>`
    select count(*) as count, count(repository_id) as ids from log_entry where kind = 'create_tag'`.execute(
    server.deps.db,
  )
  expect(rows).toEqual([{ count: 2_500, ids: 0 }])
})

test('a purge that is cut short keeps what it has done, and goes on when it is called again', async () => {
  const server = await startWithDeleted({ tags: 2_500 })
  const cut = new AbortController()
  cut.abort(new Error('the server stops'))
  await expect(purgeRepository(server.deps, server.id, cut.signal)).rejects.toThrow('server stops')
  expect(await rowsOf(server)).toMatchObject({ repositories: 1, manifests: 1, tags: 1_501 })
  await purgeRepository(server.deps, server.id)
  expect(await rowsOf(server)).toEqual(nothing)
})

test('a repository that is not deleted is not purged', async () => {
  const server = await startServer()
  await server.user('ada')
  await server.repository('ada/app')
  const before = await rowsOf(server)
  const { id } = await server.deps.db
    .selectFrom('repository')
    .select('id')
    .executeTakeFirstOrThrow()
  await purgeRepository(server.deps, id)
  expect(await rowsOf(server)).toEqual(before)
})
