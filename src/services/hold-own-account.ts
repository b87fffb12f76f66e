import { RegistryError } from '#domain/errors.ts'
import type { KnownPrincipal } from '#domain/principal.ts'
import type { Tx } from '#store/db.ts'
import { lockUserById, type User } from '#store/user.ts'

/**
 * Holds the caller's own account until the transaction ends, and gives it as it is now. Whoever changes the password or
 * disables the account means to shut somebody out, who may have been let in a moment before: what would let them in
 * again asks this first. Throws `invalid_token`, also when the account is gone.
 */
export async function holdOwnAccount(tx: Tx, caller: KnownPrincipal): Promise<User> {
  const user = await lockUserById(tx, caller.id)
  if (user?.enabled && user.credential_epoch === caller.credentialEpoch) return user
  throw new RegistryError(
    'invalid_token',
    'the account or its password was changed a moment ago: sign in again',
  )
}
