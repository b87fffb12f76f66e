import { RegistryError } from '#domain/errors.ts'
import { isPrivilegedName } from '#domain/principal.ts'
import type { User } from '#store/user.ts'
import type { Config } from '#config.ts'
import type { Deps } from '#deps.ts'
import { createUser, type Account } from './create-user.ts'

/** Makes an account for whoever asks for one. Throws what `createUser` throws. */
export async function signUp(deps: Deps, account: Account): Promise<User> {
  demandPlainName(account.username, deps.config)
  return createUser(deps, account)
}

/** Throws `invalid_request` for a name that the configuration gives special rights. */
export function demandPlainName(username: string, config: Config): void {
  if (isPrivilegedName(username, config))
    throw new RegistryError(
      'invalid_request',
      `The username ${username} is reserved: who runs this registry makes that account`,
    )
}
