import { sql } from 'kysely'

import { makeOAuthToken } from '#credentials/oauth-tokens.ts'
import { signRegistryToken, type TokenSubject } from '#credentials/registry-tokens.ts'
import type { TokenAction } from '#domain/permission.ts'
import type { AccessEntry } from '#domain/principal.ts'
import { insertApplicationToken } from '#store/application-token.ts'
import { insertApplication } from '#store/oauth.ts'
import type { Tx } from '#store/db.ts'
import type { User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { cookieOf, passwordOf, signIn, type TestServer } from '#test/support/server.ts'
import { basicAuth } from '#test/support/machine.ts'
import { findRobotByName } from '#store/robot.ts'
import { accounts, oauthScopes, robots } from './identities.ts'
import { repositories } from './outcomes.ts'
import { fullNameOf, type MatrixRobot } from './repositories.ts'

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
      await insertApplicationToken(tx, {
        applicationId,
        userId: users.get(person)!.id,
        namePart,
        secretHash,
        scopes: scope === 'all' ? oauthScopes : [scope],
        at,
        expiresAt: new Date(at.getTime() + 3_600_000),
      })
      secrets.set(`${person}/${scope}`, token)
      if (person === 'super') secrets.set(`super+/${scope}`, token)
    }
  secrets.set('owner/oauth', secrets.get('owner/all')!)
  return secrets
}

/** Signs everybody in; those whose session is stale have done so a day ago. */
export async function openSessions(
  server: TestServer,
): Promise<Map<string, Record<string, string>>> {
  const open = async (name: string) => {
    const { cookie, csrfToken } = await signIn(server.call, name)
    return { cookie, 'x-csrf-token': csrfToken }
  }
  const sessions = new Map<string, Record<string, string>>()
  sessions.set('stale', await open('owner'))
  sessions.set('orgstale', await open('orgadmin'))
  sessions.set('superstale', await open('super'))
  const aged = JSON.stringify({ signedInAt: new Date(Date.now() - 86_400_000) })
  await server.deps.db
    .updateTable('session')
    .set({ content: sql`content || ${aged}::jsonb` })
    .where('user_id', 'is not', null)
    .execute()
  await Promise.all(accounts.map(async (name) => sessions.set(name, await open(name))))
  sessions.set('super+', sessions.get('super')!)
  sessions.set('superstale+', sessions.get('superstale')!)
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
  { keys, config, clock, db }: Deps,
  users: ReadonlyMap<string, User>,
  host: string,
): Promise<Map<string, string>> {
  const sign = (
    person: string | undefined,
    actions: TokenAction[],
    { audience = host, ...changed }: Partial<TokenSubject> & { audience?: string } = {},
  ) => {
    const user = person === undefined ? undefined : users.get(person)
    const names = [...repositories.map((target) => fullNameOf(target, person)), 'restricted/own']
    const access = names.map((name): AccessEntry => ({ type: 'repository', name, actions }))
    const known = user && {
      kind: 'user' as const,
      username: user.username,
      reference: user.uuid,
      credentialEpoch: user.credential_epoch,
    }
    const subject = known || changed.kind ? { ...known, ...changed } : undefined
    return signRegistryToken(keys, {
      subject: subject as TokenSubject | undefined,
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
  const credentialEpoch = '00000000-0000-4000-8000-000000000000'
  tokens.set('owner/outdated', await sign('owner', all, { credentialEpoch }))
  tokens.set('owner/elsewhere', await sign('owner', all, { audience: 'elsewhere.test' }))

  for (const name of Object.keys(robots)) {
    const { owner } = robots[name as keyof typeof robots]
    const robot = (await findRobotByName(db, `${owner}+${name}`))!
    const subject = { kind: 'robot', username: robot.username, reference: robot.uuid } as const
    tokens.set(
      `${name}/all`,
      await sign(name, all, { ...subject, credentialEpoch: robot.credential_epoch }),
    )
  }
  const appToken = await db.selectFrom('app_token').select('uuid').executeTakeFirstOrThrow()
  const byApp = { kind: 'appspecifictoken', reference: appToken.uuid } as const
  tokens.set('owner/app', await sign('owner', all, byApp))
  const ownTokens = await db
    .selectFrom('oauth_token')
    .select(['uuid', 'scopes'])
    .where('user_id', '=', users.get('owner')!.id)
    .execute()
  for (const { uuid, scopes } of ownTokens)
    tokens.set(
      `owner/$${scopes}`,
      await sign('owner', all, { kind: 'oauthtoken', reference: uuid }),
    )
  return tokens
}

/** Credentials of the registry protocol that somebody shows to the management API. */
export function listForeign(
  machines: ReadonlyMap<string, MatrixRobot>,
  { app, tokens }: { app: string; tokens: ReadonlyMap<string, string> },
): [string, string][] {
  return [
    ['nobody/app', app],
    ['nobody/robot', machines.get('robotadmin')!.token],
    ['nobody/registry', tokens.get('owner/all')!],
  ]
}

/** What each caller of the token service logs in with, by identity; those with a password are left out. */
export function listLogins({
  machines,
  secrets,
  app,
}: {
  machines: ReadonlyMap<string, MatrixRobot>
  secrets: ReadonlyMap<string, string>
  app: string
}): Map<string, Record<string, string>> {
  const logins = new Map<string, Record<string, string>>()
  for (const [identity, { name, token }] of machines) logins.set(identity, basicAuth(name, token))
  logins.set('owner/app', basicAuth('$app', app))
  for (const scope of oauthScopes)
    logins.set(`owner/$${scope}`, basicAuth('$oauthtoken', secrets.get(`owner/${scope}`)!))
  return logins
}
