import { hashToken, sameSecret } from '#credentials/secrets.ts'
import { provesChallenge } from '#domain/authorization.ts'
import { RegistryError } from '#domain/errors.ts'
import { parseOAuthScopes, sameScopes } from '#domain/oauth-scope.ts'
import { findOwnedApplication, lockApplication, type OwnedApplication } from '#store/application.ts'
import { deleteTokenOfCode } from '#store/application-token.ts'
import { transact, type Tx } from '#store/db.ts'
import { takeCode } from '#store/oauth-code.ts'
import { findUserById } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { giveToken, maxTokenSeconds, type MadeToken } from './application-token.ts'

/** The form of the token endpoint (RFC 6749, 4.1.3; RFC 7636, 4.5). */
export interface CodeForm {
  grant_type?: string
  client_id?: string
  client_secret?: string
  redirect_uri?: string
  code?: string
  scope?: string
  code_verifier?: string
}

/**
 * Gives a token for a code. A code works once: whoever presents it a second time ends the token that it gave. Throws
 * `invalid_request` with one of RFC 6749's errors, or `invalid_token` (401) for wrong Basic credentials.
 */
export async function exchangeCode(
  deps: Deps,
  form: CodeForm,
  authorization: string | undefined,
): Promise<MadeToken> {
  const grant = demand(form.grant_type, 'grant_type')
  if (grant !== 'authorization_code')
    throw refuse('unsupported_grant_type', 'grant_type must be authorization_code')
  const application = await findClient(deps, form, authorization)
  const code = demand(form.code, 'code')
  demand(form.redirect_uri, 'redirect_uri')
  const codeHash = hashToken(code)
  // The code is gone, and what it gave is taken back, whether or not it is good: so nothing is thrown in here.
  const outcome = await transact(deps.db, async (tx) => {
    const wanted = { namespaceId: application.namespace_id, clientId: application.client_id }
    if (!(await lockApplication(tx, wanted))) return unusable()
    const found = await checkCode(tx, deps, { application, form, codeHash })
    if (found instanceof RegistryError) return found
    return giveToken(tx, deps, {
      applicationId: application.id,
      ...found,
      lifeSeconds: maxTokenSeconds,
      at: deps.clock.now(),
    })
  })
  if (outcome instanceof RegistryError) throw outcome
  return outcome
}

/** Takes the code, and gives whose it is and its scopes, or the refusal. */
async function checkCode(
  tx: Tx,
  { clock }: Deps,
  given: { application: OwnedApplication; form: CodeForm; codeHash: string },
) {
  const { application, form, codeHash } = given
  const found = await takeCode(tx, codeHash)
  if (!found) {
    await deleteTokenOfCode(tx, { applicationId: application.id, codeHash })
    return unusable()
  }
  const scopes = parseOAuthScopes(found.scopes) ?? []
  const isGood =
    found.application_id === application.id &&
    found.expires_at > clock.now() &&
    found.redirect_uri === form.redirect_uri &&
    provesChallenge(form.code_verifier, found.code_challenge) &&
    (await findUserById(tx, found.user_id))?.enabled
  if (!isGood) return unusable()
  if (form.scope !== undefined && !sameScopes(parseOAuthScopes(form.scope) ?? [], scopes))
    return refuse('invalid_scope', 'the scopes are not those that the code was given for')
  const { user_id: userId, redirect_uri: redirectUri } = found
  return { userId, scopes, code: { hash: codeHash, redirectUri } }
}

/** The application that has proved itself. */
async function findClient(
  { db, sealer }: Deps,
  form: CodeForm,
  authorization: string | undefined,
): Promise<OwnedApplication> {
  const basic = readBasic(authorization)
  if (basic && form.client_secret !== undefined)
    throw refuse('invalid_request', 'send the client secret once: as Basic or in the form')
  const clientId = basic?.clientId ?? demand(form.client_id, 'client_id')
  const clientSecret = basic?.clientSecret ?? form.client_secret ?? ''
  const found = await findOwnedApplication(db, clientId)
  const sealed = found?.sealed_client_secret ?? undefined
  if (found && sealed && sameSecret(sealer.unseal(sealed), clientSecret)) return found
  const message = 'client id or client secret is wrong'
  if (!basic) throw refuse('invalid_client', message)
  // RFC 6749, 5.2: who comes with the header is answered with a challenge.
  throw new RegistryError('invalid_token', message, {
    extra: { error: 'invalid_client' },
    headers: { 'WWW-Authenticate': 'Basic realm="oauth"' },
  })
}

/** Client ids and secrets are letters and digits, so the encoding of RFC 6749, 2.3.1 leaves them as they are. */
function readBasic(authorization: string | undefined) {
  const [, encoded] = /^basic +(\S+)$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0
    ? { clientId: '', clientSecret: '' }
    : { clientId: text.slice(0, colon).replaceAll('\0', ''), clientSecret: text.slice(colon + 1) }
}

function demand(value: string | undefined, field: keyof CodeForm): string {
  if (value) return value
  throw refuse('invalid_request', `the form lacks ${field}`)
}

/** One answer for all that can be wrong with a code. */
function unusable(): RegistryError {
  return refuse(
    'invalid_grant',
    'the code is not valid: unknown, used or too old, for another application or address, or without its verifier',
  )
}

function refuse(error: string, message: string): RegistryError {
  return new RegistryError('invalid_request', message, { extra: { error } })
}
