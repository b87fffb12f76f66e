import { makeOAuthToken } from '#credentials/oauth-tokens.ts'
import { signRegistryToken } from '#credentials/registry-tokens.ts'
import type { TokenAction } from '#domain/permission.ts'
import type { AccessEntry } from '#domain/principal.ts'
import { insertApplication, insertOAuthToken } from '#store/oauth.ts'
import type { Tx } from '#store/db.ts'
import type { User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { cookieOf, passwordOf, signIn, type TestServer } from '#test/support/server.ts'
import { accounts, oauthScopes } from './identities.ts'
import { repositories } from './outcomes.ts'
import { fullNameOf } from './repositories.ts'

/** The header of a bearer; none without a token. */
export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

/** The header of somebody with a password. */
export const basic = (person: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${person}:${passwordOf(person)}`).toString('base64')}`,
})

/** A token of every scope for each who has tokens, by `PERSON/SCOPE`. */
export async function makeOAuthTokens(
  tx: Tx,
  users: ReadonlyMap<string, User>,
): Promise<Map<string, string>> {
  const at = new Date()
  const applicationId = await insertApplication(tx, {
    namespaceId: users.get('owner')!.id,
    clientId: 'matrix',
    name: 'matrix',
    at,
  })
  const secrets = new Map<string, string>()
  for (const person of ['owner', 'orgadmin', 'auditor', 'super', 'restricted', 'disabled'])
    for (const scope of [...oauthScopes, 'all']) {
      const { token, namePart, secretHash } = makeOAuthToken()
      await insertOAuthToken(tx, {
        applicationId,
        userId: users.get(person)!.id,
        namePart,
        secretHash,
        scopes: scope === 'all' ? oauthScopes.join(' ') : scope,
        at,
        expiresAt: new Date(at.getTime() + 3_600_000),
      })
      secrets.set(`${person === 'super' ? 'super+' : person}/${scope}`, token)
    }
  secrets.set('owner/oauth', secrets.get('owner/all')!)
  return secrets
}

/** Signs everybody in, the owner twice: the first time is then a day ago. */
export async function openSessions(
  server: TestServer,
): Promise<Map<string, Record<string, string>>> {
  const open = async (name: string) => {
    const { cookie, csrfToken } = await signIn(server.call, name)
    return { cookie, 'x-csrf-token': csrfToken }
  }
  const sessions = new Map<string, Record<string, string>>()
  sessions.set('stale', await open('owner'))
  const { db } = server.deps
  const [stale] = await db
    .selectFrom('session')
    .select(['id_hash', 'content'])
    .where('user_id', 'is not', null)
    .execute()
  const content = { ...(stale!.content as object), signedInAt: new Date(Date.now() - 86_400_000) }
  await db
    .updateTable('session')
    .set({ content: JSON.stringify(content) })
    .where('id_hash', '=', stale!.id_hash)
    .execute()
  await Promise.all(accounts.map(async (name) => sessions.set(name, await open(name))))
  sessions.set('super+', sessions.get('super')!)
  sessions.set('forged', { cookie: sessions.get('owner')!.cookie! })
  sessions.set('chief+', sessions.get('chief')!)
  const nobody = await server.call('GET', '/csrf_token')
  sessions.set('anonymous', {
    cookie: cookieOf(nobody.headers),
    'x-csrf-token': nobody.json.csrf_token,
  })
  return sessions
}

/** Tokens that list their actions for every repository, whatever their subject may do. */
export async function signTokens(
  { keys, config, clock }: Deps,
  users: ReadonlyMap<string, User>,
  host: string,
): Promise<Map<string, string>> {
  const sign = (
    person: string | undefined,
    actions: TokenAction[],
    { epoch, audience = host }: { epoch?: string; audience?: string } = {},
  ) => {
    const user = person === undefined ? undefined : users.get(person)!
    const names = [...repositories.map((target) => fullNameOf(target, person)), 'restricted/own']
    const access = names.map((name): AccessEntry => ({ type: 'repository', name, actions }))
    return signRegistryToken(keys, {
      subject: user && {
        kind: 'user',
        username: user.username,
        reference: user.uuid,
        credentialEpoch: epoch ?? user.credential_epoch,
      },
      access: actions.length === 0 ? [] : access,
      audience,
      issuer: config.INSTANCE_SERVICE_KEY_SERVICE,
      at: clock.now(),
    })
  }
  const all: TokenAction[] = ['pull', 'push', 'delete', '*']
  const tokens = new Map<string, string>([['nobody/all', await sign(undefined, all)]])
  for (const name of accounts) tokens.set(`${name}/all`, await sign(name, all))
  tokens.set('super+/all', tokens.get('super/all')!)
  tokens.set('chief+/all', tokens.get('chief/all')!)
  for (const action of ['pull', 'push', 'delete', '*'] as const)
    tokens.set(`owner/${action}`, await sign('owner', [action]))
  tokens.set('owner/nothing', await sign('owner', []))
  const epoch = '00000000-0000-4000-8000-000000000000'
  tokens.set('owner/outdated', await sign('owner', all, { epoch }))
  tokens.set('owner/elsewhere', await sign('owner', all, { audience: 'elsewhere.test' }))
  return tokens
}
