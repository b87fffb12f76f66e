import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'

import { lockDataDirectory } from '#postgres/lock.ts'
import { findPostgres, startPostgres } from '#postgres/start.ts'
import { makeDataDirectory, makeTemporaryDirectory, runProgram } from './program.ts'

let stopped: string

beforeAll(async () => {
  stopped = await makeTemporaryDirectory()
  const lock = await lockDataDirectory(stopped)
  const postgres = await startPostgres({ dataDirectory: stopped, durable: false })
  await postgres.stop()
  await lock.release()
})

afterAll(() => rm(stopped, { recursive: true, force: true }))

/** A data directory whose PostgreSQL has run before and was stopped in order. */
async function makeUsedDirectory(): Promise<string> {
  const path = await makeDataDirectory()
  await cp(stopped, path, { recursive: true })
  return path
}

/** Starts PostgreSQL in this process; stopped with the test. */
async function start(dataDirectory: string, onExit = (_reason: string) => undefined as void) {
  const lock = await lockDataDirectory(dataDirectory)
  const postgres = await startPostgres({ dataDirectory, onExit, durable: false })
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= postgres.stop().then(() => lock.release()))
  onTestFinished(stop)
  return { postgres, stop }
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

test('the first start makes the database, the next one finds what was written', async () => {
  const path = await makeDataDirectory()
  const first = await start(path)
  const { connectionString, database, user } = first.postgres
  const settings = `SELECT current_database(), current_user, current_setting('server_encoding'),
    current_setting('data_checksums'), current_setting('listen_addresses'), current_setting('timezone'),
    (SELECT datcollate FROM pg_database WHERE datname = current_database())`
  const expected = [database, user, 'UTF8', 'on', '', 'UTC', 'C']
  expect(await query(connectionString, settings)).toEqual(expected)
  await query(connectionString, 'CREATE TABLE kept AS SELECT 7 AS number')
  await first.stop()
  const second = await start(path)
  expect(await query(second.postgres.connectionString, 'SELECT number FROM kept')).toEqual([7])
})

test('the socket is out of reach of others, and gone after the end', async () => {
  const { postgres, stop } = await start(await makeUsedDirectory())
  const { mode } = await stat(postgres.socketDirectory)
  expect(mode & 0o777).toBe(0o700)
  await stop()
  await expect(stat(postgres.socketDirectory)).rejects.toThrow('ENOENT')
})

test('a command beside a running registry finds its PostgreSQL', async () => {
  const path = await makeUsedDirectory()
  expect(await findPostgres(path)).toBeUndefined()
  const { postgres, stop } = await start(path)
  expect((await findPostgres(path))?.connectionString).toBe(postgres.connectionString)
  await stop()
  expect(await findPostgres(path)).toBeUndefined()
})

test('PostgreSQL that is killed runs again, and committed rows are there', async () => {
  const reasons: string[] = []
  const { postgres } = await start(await makeUsedDirectory(), (reason) => {
    reasons.push(reason)
  })
  const { connectionString, pid } = postgres
  await query(connectionString, 'CREATE TABLE kept AS SELECT 7 AS number')
  process.kill(pid, 'SIGKILL')
  const read = () => query(connectionString, 'SELECT number FROM kept')
  expect(await vi.waitFor(read, { timeout: 15_000 })).toEqual([7])
  expect(postgres.pid).not.toBe(pid)
  expect(reasons).toEqual(['SIGKILL'])
})

test('a registry that is killed does not keep the next one from starting', async () => {
  const path = await makeUsedDirectory()
  const killed = runProgram('registry', path)
  const pid = Number((await killed.line(/^ready/)).split(' ')[1])
  process.kill(pid, 'SIGSTOP') // It cannot follow its parent at once, so the next start meets it alive.
  await killed.end('SIGKILL')
  const next = runProgram('registry', path)
  await next.line(/stopping PostgreSQL \d+, left/)
  process.kill(pid, 'SIGCONT')
  expect(await next.line(/^ready/)).not.toBe(`ready ${pid}`)
  await next.end('SIGTERM')
})

test('PostgreSQL ends by itself, and in order, when its registry is killed', async () => {
  const path = await makeUsedDirectory()
  const registry = runProgram('registry', path)
  await registry.line(/^ready/)
  const files = () => readdir(join(path, 'postgres'))
  expect(await files()).toContain('postmaster.pid')
  await registry.end('SIGKILL')
  // A shutdown in order removes the file; a crash leaves it.
  await vi.waitFor(async () => expect(await files()).not.toContain('postmaster.pid'), 10_000)
})

test('a busy statement of a killed PostgreSQL does not hold up the next one', async () => {
  const { postgres } = await start(await makeUsedDirectory())
  const { connectionString, pid } = postgres
  const busy = query(connectionString, 'SELECT count(*) FROM generate_series(1, 1000000000)')
  busy.catch(() => undefined)
  const seen = `SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%1000000000)' AND state = 'active'`
  await vi.waitFor(async () => expect(await query(connectionString, seen)).toEqual([1]), 10_000)
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => query(connectionString, 'SELECT 1'), 10_000)
  await expect(busy).rejects.toThrow('terminated')
})

test('a pid file with the number of some other process is no obstacle', async () => {
  const path = await makeUsedDirectory()
  const rival = join(path, 'postgres', 'postmaster.pid')
  await writeFile(rival, `${process.pid}\n${join(path, 'postgres')}\n1\n5432\n/tmp\n\n\nready\n`)
  const { postgres } = await start(path)
  expect(await query(postgres.connectionString, 'SELECT 1')).toEqual([1])
})

test('a first start that was cut short is begun anew', async () => {
  const path = await makeDataDirectory()
  await mkdir(join(path, 'postgres.new', 'base'), { recursive: true })
  await start(path)
  expect(await readdir(path)).not.toContain('postgres.new')
})

test('a directory of something else in its place is left alone', async () => {
  const path = await makeDataDirectory()
  await mkdir(join(path, 'postgres'))
  await writeFile(join(path, 'postgres', 'diary'), 'mine')
  const lock = await lockDataDirectory(path)
  await expect(startPostgres({ dataDirectory: path })).rejects.toThrow('neither empty nor')
  await lock.release()
})

test('nothing starts in a directory that is not locked', async () => {
  const path = await makeDataDirectory()
  await expect(startPostgres({ dataDirectory: path })).rejects.toThrow('lockDataDirectory')
})
