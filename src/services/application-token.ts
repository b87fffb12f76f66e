import { makeOAuthToken } from '#credentials/oauth-tokens.ts'
import { RegistryError } from '#domain/errors.ts'
import type { KnownActor, OAuthScope } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { isUuid } from '#domain/text.ts'
import {
  countApplicationTokens,
  deleteApplicationToken,
  insertApplicationToken,
  type ApplicationToken,
  type NewToken,
} from '#store/application-token.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import type { Deps } from '#deps.ts'
import { holdApplication } from './hold-application.ts'
import { holdOwnAccount } from './hold-own-account.ts'

/** Quay's longest life of a token, and the one that it has when nobody says: about ten years. */
export const maxTokenSeconds = 315_576_000

/** A token that was just made; `token` is shown this once. */
export interface MadeToken {
  uuid: string
  token: string
  expiresAt: Date
}

/** A token to make for an application that the transaction has locked. */
export interface WantedToken extends Omit<NewToken, 'namePart' | 'secretHash' | 'expiresAt'> {
  lifeSeconds: number
}

/**
 * Makes a token of an application, whose row must be locked so that two at once do not pass
 * OAUTH_APPLICATION_MAXIMUM_TOKEN_COUNT together. Throws `invalid_request` when the application has as many as that.
 */
export async function giveToken(
  tx: Tx,
  { config }: Pick<Deps, 'config'>,
  wanted: WantedToken,
): Promise<MadeToken> {
  const limit = config.OAUTH_APPLICATION_MAXIMUM_TOKEN_COUNT
  if (limit !== undefined && (await countApplicationTokens(tx, wanted)) >= limit)
    throw new RegistryError(
      'invalid_request',
      `the application has ${limit} tokens, as many as it may have: revoke one first`,
    )
  const { token, namePart, secretHash } = makeOAuthToken()
  const expiresAt = new Date(wanted.at.getTime() + wanted.lifeSeconds * 1000)
  const uuid = await insertApplicationToken(tx, { ...wanted, namePart, secretHash, expiresAt })
  return { uuid, token, expiresAt }
}

/** Makes a token on demand, with the audit row `create_oauth_api_token`. Throws `not_found`, `invalid_request`, or what `holdOwnAccount` throws. */
export async function mintToken(
  deps: Deps,
  wanted: {
    namespace: NamespaceTarget
    clientId: string
    name: string
    scopes: readonly OAuthScope[]
    /** Seconds; more than ten years is cut down to that. */
    expiration: number | undefined
    actor: KnownActor
  },
): Promise<Omit<ApplicationToken, 'id'> & { token: string }> {
  const { namespace, clientId, scopes, actor } = wanted
  const name = wanted.name.trim()
  if (name === '') throw new RegistryError('invalid_request', 'the name must not be empty')
  const at = deps.clock.now()
  const lifeSeconds = Math.min(wanted.expiration ?? maxTokenSeconds, maxTokenSeconds)
  return transact(deps.db, async (tx) => {
    await holdOwnAccount(tx, actor)
    const application = await holdApplication(tx, { namespaceId: namespace.id, clientId })
    const made = await giveToken(tx, deps, {
      applicationId: application.id,
      userId: actor.id,
      createdById: actor.id,
      scopes,
      lifeSeconds,
      name,
      at,
    })
    const granted = { name, scopes: scopes.join(' ') }
    const entry = { namespace, actor, at, application: application.name, clientId, uuid: made.uuid }
    await logMinted(tx, { ...entry, ...granted })
    const times = { created_at: at, expires_at: made.expiresAt, last_used_at: null }
    const { uuid, token } = made
    return { uuid, ...granted, ...times, created_by: actor.username, token }
  })
}

async function logMinted(
  tx: Tx,
  token: {
    namespace: NamespaceTarget
    actor: KnownActor
    at: Date
    application: string
    clientId: string
    uuid: string
    name: string
    scopes: string
  },
): Promise<void> {
  await writeLog(tx, {
    kind: 'create_oauth_api_token',
    actor: token.actor,
    namespaceId: token.namespace.id,
    metadata: {
      oauth_token_uuid: token.uuid,
      scope: token.scopes,
      token_display_name: token.name,
      application_name: token.application,
      auth_method: token.actor.credential.kind,
      client_id: token.clientId,
    },
    at: token.at,
  })
}

/** Revokes a token of an application, with the audit row `revoke_oauth_api_token`. Throws `not_found`. */
export async function revokeToken(
  { db, clock }: Deps,
  wanted: { namespace: NamespaceTarget; clientId: string; uuid: string; actor: KnownActor },
): Promise<void> {
  const { namespace, clientId, uuid, actor } = wanted
  await transact(db, async (tx) => {
    const application = await holdApplication(tx, { namespaceId: namespace.id, clientId })
    const token = { applicationId: application.id, uuid }
    if (!isUuid(uuid) || !(await deleteApplicationToken(tx, token)))
      throw new RegistryError('not_found', `no token ${uuid}`)
    await writeLog(tx, {
      kind: 'revoke_oauth_api_token',
      actor,
      namespaceId: namespace.id,
      metadata: { oauth_token_uuid: uuid, application_name: application.name, client_id: clientId },
      at: clock.now(),
    })
  })
}
