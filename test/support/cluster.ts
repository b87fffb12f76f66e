import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import pg from 'pg'
import type { TestProject } from 'vitest/node'

import { lockDataDirectory } from '#postgres/lock.ts'
import { startPostgres, type PrivatePostgres } from '#postgres/start.ts'

/** What test files get to know about the cluster of this run, by `inject('postgres')`. */
export interface TestCluster {
  socketDirectory: string
  user: string
  /** Database to connect to for `CREATE DATABASE`. */
  maintenanceDatabase: string
  /** Migrated and without rows; nobody may be connected to it. */
  template: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestCluster
  }
}

const template = 'template_portolan'
let cluster: Awaited<ReturnType<typeof startCluster>> | undefined

/** Vitest `globalSetup`: one throwaway cluster for the whole run, with a migrated template database. */
export async function setup(project: TestProject): Promise<void> {
  cluster = await startCluster()
  await makeTemplate(cluster.postgres)
  const { socketDirectory, user } = cluster.postgres
  project.provide('postgres', {
    socketDirectory,
    user,
    maintenanceDatabase: 'postgres',
    template,
  })
}

/** Vitest `globalSetup`: the end of the cluster. */
export async function teardown(): Promise<void> {
  await cluster?.stop()
}

/** Memory where there is enough of it: cloning a database copies a thousand small files. */
async function quickFolder(): Promise<string> {
  const shared = '/dev/shm'
  const room = await statfs(shared).catch(() => undefined)
  return room && room.bavail * room.bsize > 2 ** 31 ? shared : tmpdir()
}

/** Starts a cluster in a directory of its own that goes away with it; nothing is synced to disk. */
async function startCluster() {
  const dataDirectory = await mkdtemp(join(await quickFolder(), 'portolan-test-'))
  const lock = await lockDataDirectory(dataDirectory)
  const postgres = await startPostgres({ dataDirectory, durable: false, say: console.error })
  return {
    postgres,
    async stop() {
      await postgres.stop()
      await lock.release()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

async function makeTemplate({ socketDirectory, user }: PrivatePostgres) {
  const client = new pg.Client({ host: socketDirectory, user, database: 'postgres' })
  await client.connect()
  await client.query(`CREATE DATABASE ${template}`)
  await client.end()
  const { migrateToLatest } = await import('#store/migrate.ts')
  await migrateToLatest(connectTo({ socketDirectory, user }, template))
}

/** Connection string of a database in the cluster. */
export function connectTo(place: { socketDirectory: string; user: string }, database: string) {
  return `postgresql://${place.user}@${encodeURIComponent(place.socketDirectory)}/${database}`
}
