import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'

import { startJobs } from '#jobs/run.ts'
import { queueMail } from '#services/queue-mail.ts'
import { connect, transact } from '#store/db.ts'
import { freeJobs, addJob } from '#store/job.ts'
import { createDatabase } from '#test/support/database.ts'
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

test('a mail server that hangs keeps no other job from being done', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const database = await createDatabase()
  onTestFinished(database.drop)
  const { port } = silent.address() as AddressInfo
  const server = await startServer(
    { MAIL_SERVER: '127.0.0.1', MAIL_PORT: String(port), SERVER_HOSTNAME: 'registry.example.com' },
    { database },
  )
  const { db } = server.deps
  for (let n = 0; n < 5; n += 1)
    await transact(db, (tx) =>
      queueMail(server.deps, tx, { kind: 'address-in-use', name: 'ada', to: `a${n}@example.com` }),
    )
  const { pool } = connect({ connectionString: database.connectionString, maxConnections: 10 })
  const jobs = await startJobs(server.deps, pool)
  onTestFinished(async () => {
    silent.close()
    for (const socket of sockets) socket.destroy()
    await jobs.stop()
    await pool.end()
  })
  await expect.poll(() => sockets.length, { timeout: 10_000 }).toBe(2)
  await addJob(db, 'purge-namespace', { namespaceId: 1 })
  const left = async () => {
    const { rows } = await sql`
      select from graphile_worker.jobs where task_identifier = 'purge-namespace'`.execute(db)
    return rows.length
  }
  await expect.poll(left, { timeout: 10_000 }).toBe(0)
  expect(sockets.length).toBe(2)
})
