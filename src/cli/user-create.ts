import type { Config } from '#config.ts'
import { systemClock } from '#domain/clock.ts'
import type { Actor } from '#domain/principal.ts'
import { createUser } from '#services/create-user.ts'
import { connect } from '#store/db.ts'
import { compareMigrations, migrateToLatest } from '#store/migrate.ts'
import { loadForCommand, type ConfigOption } from './configuration.ts'
import { borrowDatabase, demandCurrent } from './database.ts'
import { complain, say } from './output.ts'
import { readPassword } from './password.ts'

/** Options of `portolan user create`. */
export interface UserCreateOptions extends ConfigOption {
  email: string
  superuser?: true
  passwordStdin?: true
}

/** Who acts when the command line does. */
const commandLine: Actor = {
  kind: 'anonymous',
  credential: { kind: 'none' },
  address: 'command line',
  userAgent: 'portolan',
}

interface NewAccount {
  username: string
  email: string
  password: string
  superuser: boolean
}

/** `portolan user create`: makes an account, also beside a running server. The password never stands in the arguments, where others on the machine could read it. */
export async function createUserCommand(
  username: string,
  options: UserCreateOptions,
): Promise<void> {
  const { config } = loadForCommand(options)
  const password = await readPassword({ fromStdin: options.passwordStdin === true })
  const superuser = options.superuser === true
  await storeAccount(config, { username, email: options.email, password, superuser })
  say(`${superuser ? 'superuser' : 'user'} ${username} is created`)
}

/**
 * Makes a new database ready, for an account may come before the first start. An older one is left to `migrate` and
 * `serve`: a server of its version may be running.
 */
async function prepare(connectionString: string): Promise<void> {
  const state = await compareMigrations(connectionString)
  if (!state.isNew) return demandCurrent(state)
  const { length } = await migrateToLatest(connectionString)
  complain(`the database is new: ${length} migrations applied`)
}

/** Opens the database, also beside a running server, and creates the account in it. */
async function storeAccount(config: Config, account: NewAccount): Promise<void> {
  const database = await borrowDatabase(config, { say, onTrouble: complain })
  try {
    await prepare(database.connectionString)
    const { db, close } = connect({
      connectionString: database.connectionString,
      maxConnections: 1,
    })
    try {
      await createUser({ db, clock: systemClock, config }, { ...account, actor: commandLine })
    } finally {
      await close()
    }
  } finally {
    await database.close()
  }
}
