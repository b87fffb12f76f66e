import { findPostgres, startPostgres } from '#postgres/start.ts'
import { lockDataDirectory } from '#postgres/lock.ts'
import { ensureSecretKey } from '#secret-key.ts'
import type { MigrationState } from '#store/migrate.ts'
import type { Config } from '#config.ts'

/** The database of a command: an outside one, or the private one of the data directory. */
export interface OpenedDatabase {
  connectionString: string
  secretKey: string
  /** Nobody else can be using it. */
  isPrivate: boolean
  close(): Promise<void>
}

/** Hears of what happens. */
interface Listeners {
  say: (line: string) => void
  /** The private database died and is being started again. */
  onTrouble: (line: string) => void
}

/** Opens the database for a server: with no DATABASE_URL the private one is started, and the data directory is this process's alone. */
export async function openDatabase(
  config: Config,
  { say, onTrouble }: Listeners,
): Promise<OpenedDatabase> {
  if (config.DATABASE_URL !== undefined) return outsideDatabase(config, config.DATABASE_URL)
  const lock = await lockDataDirectory(config.DATA_DIR)
  try {
    const secretKey = config.SECRET_KEY ?? (await ensureSecretKey(config.DATA_DIR))
    const postgres = await startPostgres({ dataDirectory: config.DATA_DIR, say, onExit: onTrouble })
    return {
      connectionString: postgres.connectionString,
      secretKey,
      isPrivate: true,
      async close() {
        await postgres.stop()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Opens the database for a short command: beside a running server it uses that server's. */
export async function borrowDatabase(
  config: Config,
  listeners: Listeners,
): Promise<OpenedDatabase> {
  if (config.DATABASE_URL !== undefined) return outsideDatabase(config, config.DATABASE_URL)
  const running = await findPostgres(config.DATA_DIR)
  if (!running) return openDatabase(config, listeners)
  return {
    connectionString: running.connectionString,
    secretKey: config.SECRET_KEY ?? (await ensureSecretKey(config.DATA_DIR)),
    isPrivate: false,
    close: async () => {},
  }
}

/** Throws, saying what to do, unless a database has the shape that this version needs. */
export function demandCurrent({ missing }: MigrationState): void {
  if (missing.length > 0)
    throw new Error(
      `the database lacks ${missing.join(', ')}: run npm run portolan -- migrate, or start the registry, first`,
    )
}

function outsideDatabase(config: Config, connectionString: string): OpenedDatabase {
  if (config.SECRET_KEY === undefined) throw new Error('SECRET_KEY must be given with DATABASE_URL')
  return { connectionString, secretKey: config.SECRET_KEY, isPrivate: false, close: async () => {} }
}
