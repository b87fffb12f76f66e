import pino from 'pino'

import { systemClock, type Clock } from '#domain/clock.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import type { BlobDriver } from '#storage/driver.ts'
import { connect, type Db } from '#store/db.ts'
import { compareMigrations } from '#store/migrate.ts'
import type { Config } from '#config.ts'
import { borrowDatabase, demandCurrent } from './database.ts'
import { loadForCommand, type ConfigOption } from './configuration.ts'
import { complain } from './output.ts'

/** What a command about the storage works with. */
export interface StorageDeps {
  db: Db
  blobs: BlobDriver
  clock: Clock
  log: pino.Logger
  config: Config
}

/** Lends database and storage to `work`, also beside running servers. `isAlone`: none runs, and none can start meanwhile. */
export async function withStorage<T>(
  options: ConfigOption,
  work: (deps: StorageDeps, isAlone: boolean) => Promise<T>,
): Promise<T> {
  const { config } = loadForCommand(options)
  const database = await borrowDatabase(config, { say: complain, onTrouble: complain })
  try {
    demandCurrent(await compareMigrations(database.connectionString))
    const blobs = await openFilesystemDriver(`${config.DATA_DIR}/storage`)
    const log = pino({ level: 'error' }, pino.destination(2))
    const { db, close } = connect({
      connectionString: database.connectionString,
      maxConnections: 4,
    })
    try {
      return await work({ db, blobs, clock: systemClock, log, config }, database.isPrivate)
    } finally {
      await close()
    }
  } finally {
    await database.close()
  }
}
