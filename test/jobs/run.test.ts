import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { freeJobs, addJob } from '#store/job.ts'
import { startServer } from '#test/support/server.ts'

test('a job that a killed worker has left under its lock is free again', async () => {
  const { db } = (await startServer()).deps
  await addJob(db, 'purge-namespace', { namespaceId: 1 })
  await sql`update graphile_worker._private_jobs set locked_by = 'killed', locked_at = now()`.execute(
    db,
  )
  await freeJobs(db)
  const { rows } = await sql`select locked_by, locked_at from graphile_worker.jobs`.execute(db)
  expect(rows).toEqual([{ locked_by: null, locked_at: null }])
})
