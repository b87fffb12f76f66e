import { randomBytes } from 'node:crypto'

import pg from 'pg'
import { inject } from 'vitest'

import { connectTo } from './cluster.ts'

/** A database of its own for a test file. */
export interface TestDatabase {
  connectionString: string
  /** Removes it, cutting off whoever is still connected. */
  drop(): Promise<void>
}

/** Clones the migrated template. */
export async function createDatabase(): Promise<TestDatabase> {
  const { template } = inject('postgres')
  const name = `test_${randomBytes(8).toString('hex')}`
  await command(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`)
  return {
    connectionString: connectTo(inject('postgres'), name),
    drop: () => command(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

async function command(sql: string) {
  const { socketDirectory, user, maintenanceDatabase } = inject('postgres')
  const client = new pg.Client({ host: socketDirectory, user, database: maintenanceDatabase })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
