import type { Config } from '#config.ts'
import { loadForCommand, type ConfigOption } from './configuration.ts'
import { say } from './output.ts'
import { readPassword } from './password.ts'

/** Options of `portolan user create`. */
export interface UserCreateOptions extends ConfigOption {
  email: string
  superuser?: true
  passwordStdin?: true
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

/** Opens the database and creates the account in it. */
async function storeAccount(_config: Config, { username }: NewAccount): Promise<void> {
  throw new Error(`user ${username} cannot be created yet: the database is not connected`)
}
