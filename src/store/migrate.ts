import { sql, type Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { runMigrations } from 'graphile-worker'

import { connect } from './db.ts'
import * as registry from './migrations/0001-registry.ts'
import * as storageSafety from './migrations/0002-storage-safety.ts'
import * as people from './migrations/0003-people.ts'
import * as teamInvites from './migrations/0004-team-invites.ts'
import * as removalIndexes from './migrations/0005-removal-indexes.ts'
import * as superuserLists from './migrations/0006-superuser-lists.ts'
import * as oauth from './migrations/0008-oauth.ts'
import * as mail from './migrations/0009-mail.ts'
import * as userNames from './migrations/0010-user-names.ts'
import * as unknownSignIns from './migrations/0011-unknown-sign-ins.ts'
import * as consentAddresses from './migrations/0012-consent-addresses.ts'
import * as assignments from './migrations/0013-assignments.ts'
import * as signUpTimes from './migrations/0014-sign-up-times.ts'
import * as catalog from './migrations/0015-catalog.ts'
import * as appTokenExpiry from './migrations/0017-app-token-expiry.ts'
import * as markedForDeletion from './migrations/0018-marked-for-deletion.ts'
import * as logPerformer from './migrations/0019-log-performer.ts'
import * as longLists from './migrations/0020-long-lists.ts'

const migrations = {
  '0001-registry': registry,
  '0002-storage-safety': storageSafety,
  '0003-people': people,
  '0004-team-invites': teamInvites,
  '0005-removal-indexes': removalIndexes,
  '0006-superuser-lists': superuserLists,
  '0008-oauth': oauth,
  '0009-mail': mail,
  '0010-user-names': userNames,
  '0011-unknown-sign-ins': unknownSignIns,
  '0012-consent-addresses': consentAddresses,
  '0013-assignments': assignments,
  '0014-sign-up-times': signUpTimes,
  '0015-catalog': catalog,
  '0017-app-token-expiry': appTokenExpiry,
  '0018-marked-for-deletion': markedForDeletion,
  '0019-log-performer': logPerformer,
  '0020-long-lists': longLists,
}

/**
 * Brings the database to the newest shape: ours and the job queue's. Safe to call from several processes
 * at once (Kysely and graphile-worker both take a lock). Gives the names of the migrations it ran. A statement
 * may take as long as a large table needs, and as another process needs that is migrating. Throws when the database
 * belongs to a newer version.
 */
export async function migrateToLatest(connectionString: string): Promise<string[]> {
  const { db, pool, close } = connect({ connectionString, maxConnections: 2, isPatient: true })
  try {
    const ran = await migrateRegistry(db)
    await runMigrations({ pgPool: pool })
    return ran
  } finally {
    await close()
  }
}

/** How a database differs from what this version needs. */
export interface MigrationState {
  /** Nothing has ever been made in it. */
  isNew: boolean
  /** Names of the migrations that it lacks. */
  missing: string[]
}

/** Compares a database with what this version needs. Throws when it belongs to a newer one. */
export async function compareMigrations(connectionString: string): Promise<MigrationState> {
  const { db, close } = connect({ connectionString, maxConnections: 1 })
  try {
    await demandNotNewer(db)
    const known = await migratorOf(db).getMigrations()
    const missing = known.filter(({ executedAt }) => !executedAt).map(({ name }) => name)
    return { isNew: missing.length === known.length, missing }
  } finally {
    await close()
  }
}

async function demandNotNewer(db: Kysely<any>): Promise<void> {
  const { rows: tables } = await sql`
    select from pg_class where oid = to_regclass('kysely_migration')`.execute(db)
  if (tables.length === 0) return
  const executed = await db.selectFrom('kysely_migration').select('name').orderBy('name').execute()
  const unknown = executed.map(({ name }) => name).filter((name) => !(name in migrations))
  if (unknown.length > 0)
    throw new Error(
      `the database belongs to a newer version of the registry, which has made ${unknown.join(', ')}: run that one`,
    )
}

function migratorOf(db: Kysely<any>): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => migrations } })
}

async function migrateRegistry(db: Kysely<any>): Promise<string[]> {
  await demandNotNewer(db)
  const migrator = migratorOf(db)
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error) throw error
  return results.map((result) => result.migrationName)
}
