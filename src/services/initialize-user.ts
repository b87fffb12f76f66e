import { isLoopback } from '#config-kinds.ts'
import { RegistryError } from '#domain/errors.ts'
import { oauthScopes, type Actor } from '#domain/principal.ts'
import { insertApplication } from '#store/oauth.ts'
import { anyUserExists, lockFirstUser, type User } from '#store/user.ts'
import type { Tx } from '#store/db.ts'
import type { Deps } from '#deps.ts'
import { giveToken, maxTokenSeconds } from './application-token.ts'
import { createUser } from './create-user.ts'

/**
 * Makes the first user, who is a superuser, and on demand a token with every scope. Throws
 * `invalid_request` when there is a user already: of two callers at once, one wins.
 */
export async function initializeUser(
  deps: Deps,
  account: {
    username: string
    email: string | null
    password: string
    accessToken: boolean
    actor: Actor
    /** Host and port that the caller used. */
    host: string
  },
): Promise<{ user: User; accessToken: string | undefined }> {
  demandOwnHost(deps, account.host)
  let accessToken: string | undefined
  const user = await createUser(deps, {
    ...account,
    superuser: true,
    async before(tx) {
      await lockFirstUser(tx)
      if (await anyUserExists(tx))
        throw new RegistryError(
          'invalid_request',
          'There is a user already: the first one is made once. Sign in, or use: npm run portolan -- user create',
        )
    },
    async after(tx, made) {
      if (account.accessToken) accessToken = await mintToken(deps, tx, made)
    },
  })
  return { user, accessToken }
}

/**
 * While only this machine reaches the registry, it is called by this machine's names alone: another one is a page's
 * that had its name point here (DNS rebinding), and would make itself superuser.
 */
function demandOwnHost({ config }: Deps, host: string): void {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const isOpen = !config.BIND.every(isLoopback) || config.SERVER_HOSTNAME !== undefined
  if (!isOpen && !isLoopback(name))
    throw new RegistryError(
      'invalid_request',
      `the first user is made at localhost, not at ${host}: call it there, or set SERVER_HOSTNAME`,
    )
}

/** An application `automation` in the user's own namespace, and a token of it with every scope. */
async function mintToken(deps: Deps, tx: Tx, user: User): Promise<string> {
  const at = deps.clock.now()
  const applicationId = await insertApplication(tx, {
    namespaceId: user.id,
    clientId: user.username,
    name: 'automation',
    at,
  })
  const { token } = await giveToken(tx, deps, {
    applicationId,
    userId: user.id,
    scopes: oauthScopes,
    lifeSeconds: maxTokenSeconds,
    at,
  })
  return token
}
