import type { Config } from '#config.ts'
import { loadForCommand, type ConfigOption } from './configuration.ts'
import { say } from './output.ts'

/** `portolan migrate`: brings the database to the shape that this version needs; nothing happens when it has it. */
export async function migrateCommand(options: ConfigOption): Promise<void> {
  const { config } = loadForCommand(options)
  await migrateDatabase(config)
  say('the database is up to date')
}

/** Opens the database and runs the migrations that it lacks. */
async function migrateDatabase(_config: Config): Promise<void> {
  throw new Error('migrations cannot run yet: the database is not connected')
}
