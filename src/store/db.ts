import { createHash } from 'node:crypto'

import { Kysely, PostgresDialect, sql, type PostgresPool, type Transaction } from 'kysely'
import pg from 'pg'

import { RegistryError } from '#domain/errors.ts'
import { isDeadlock } from './db-errors.ts'
import type { DB } from '#generated/db.d.ts'

/** The database, or a transaction on it: what every store function takes first. */
export type Db = Kysely<DB> | Transaction<DB>
export type Tx = Transaction<DB>

const int8 = 20
/** Ids and sizes stay far below 2^53. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** What `connect` gives; `close` ends the pool. */
export interface Connection {
  db: Kysely<DB>
  pool: pg.Pool
  close(): Promise<void>
}

/** A statement of a request or a job that takes longer is ended. */
const statementTimeoutMs = 60_000

/**
 * Opens a pool of at most `maxConnections` connections. No connection is made before the first query. A statement may
 * take a minute; with `isPatient` as long as it likes.
 */
export function connect(options: {
  connectionString: string
  maxConnections: number
  isPatient?: boolean
}): Connection {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.maxConnections,
    connectionTimeoutMillis: 5_000,
    statement_timeout: options.isPatient ? false : statementTimeoutMs,
    // A node that was cut off inside a transaction must not hold its locks until TCP gives up.
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    types,
  })
  // An idle connection that the server closes is no fault of a request; the next query opens another.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool: namedStatements(pool) }) })
  return { db, pool, close: () => db.destroy() }
}

/**
 * Kysely sends unnamed statements, which PostgreSQL plans anew each time. Naming them by the hash of their
 * text lets each connection prepare them once: 2.4 times the reads.
 */
function namedStatements(pool: pg.Pool): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect()
      return {
        query: (text: string, values: unknown[]) =>
          values === undefined
            ? client.query(text)
            : client.query({ name: statementName(text), text, values }),
        release: () => client.release(),
      }
    },
    end: () => pool.end(),
  } as unknown as PostgresPool
}

const names = new Map<string, string>()

function statementName(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = createHash('sha1').update(text).digest('base64url')
    names.set(text, name)
  }
  return name
}

/** Runs `work` in one transaction: all of it holds, or nothing. A transaction that lost a deadlock runs again. */
export async function transact<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db as Tx)
  for (let attempt = 1; ; attempt++)
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      if (attempt === maxAttempts || !isDeadlock(error)) throw error
    }
}

const maxAttempts = 3

/** Proves that the database answers. */
export async function ping(db: Db): Promise<void> {
  await sql`select 1`.execute(db)
}

/** Gives the only row, or throws: for statements that cannot miss. */
export function only<T>(rows: readonly T[]): T {
  const [row] = rows
  if (row === undefined) throw new RegistryError('internal', 'a statement gave no row')
  return row
}
