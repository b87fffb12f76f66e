import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { cleanUp } from '#services/clean-up.ts'
import { makeOrganization } from '#test/support/account.ts'
import { pushImage } from '#test/support/image.ts'
import { startServer } from '#test/support/server.ts'

/** A deleted repository and a deleted organization with one, and nobody who has removed them yet. */
async function startWithDeleted() {
  const server = await startServer()
  const { call } = await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  for (const name of ['ada/app', 'acme/app', 'acme/base'])
    await pushImage(await server.registry('ada', `repository:${name}:pull,push`), name, ['v1'])
  for (const path of ['repository/ada/app', 'repository/acme/app', 'organization/acme'])
    expect((await call('DELETE', `/api/v1/${path}`)).status).toBe(204)
  const { db } = server.deps
  const waiting = async () => {
    const { rows } = await sql`
      select id, revision, run_at from graphile_worker.jobs
      where attempts < max_attempts order by id`.execute(db)
    return rows
  }
  return { ...server, db, waiting }
}

test('a removal that was given up is begun again by the clean-up, as long as something is left', async () => {
  const { deps, db, jobs, waiting } = await startWithDeleted()
  await sql`update graphile_worker._private_jobs set attempts = max_attempts`.execute(db)
  await jobs()
  expect(await db.selectFrom('manifest').select('id').execute()).toHaveLength(3)
  await cleanUp(deps)
  await jobs()
  expect(await db.selectFrom('repository').select('name').execute()).toEqual([])
  expect(await db.selectFrom('namespace').select('name').execute()).toEqual([{ name: 'ada' }])
  await cleanUp(deps)
  expect(await waiting()).toEqual([])
})

test('a removal that waits for its turn is left to it', async () => {
  const { deps, waiting } = await startWithDeleted()
  const before = await waiting()
  expect(before).toHaveLength(3)
  await cleanUp(deps)
  expect(await waiting()).toEqual(before)
})
