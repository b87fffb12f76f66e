import { migrateToLatest } from '#store/migrate.ts'
import { loadForCommand, type ConfigOption } from './configuration.ts'
import { borrowDatabase } from './database.ts'
import { complain, say } from './output.ts'

/** `portolan migrate`: brings the database to the shape that this version needs; nothing happens when it has it. */
export async function migrateCommand(options: ConfigOption): Promise<void> {
  const { config } = loadForCommand(options)
  const database = await borrowDatabase(config, { say, onTrouble: complain })
  try {
    for (const name of await migrateToLatest(database.connectionString)) say(`applied ${name}`)
  } finally {
    await database.close()
  }
  say('the database is up to date')
}
