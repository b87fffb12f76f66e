import { makeAppToken } from '#credentials/app-tokens.ts'
import { hashToken, randomToken } from '#credentials/secrets.ts'
import { findAccountByName } from '#store/account.ts'
import { insertAppToken } from '#store/app-token.ts'
import { transact } from '#store/db.ts'
import { lockNamespaceByName } from '#store/namespace.ts'
import { insertRobot } from '#store/robot-change.ts'
import { findUserByName } from '#store/user.ts'
import { makeCall, type Call } from './client.ts'
import type { TestServer } from './server.ts'

/** Makes a robot of a user or an organization; gives its token, the password of `owner+short`. */
export async function makeRobot(
  server: TestServer,
  owner: string,
  short: string,
): Promise<{ id: number; name: string; token: string }> {
  const { db, sealer, clock } = server.deps
  const name = `${owner}+${short}`
  const token = randomToken(64).toUpperCase()
  const id = await transact(db, async (tx) => {
    await insertRobot(tx, {
      ownerId: (await lockNamespaceByName(tx, owner))!.id,
      shortName: short,
      description: '',
      metadata: '{}',
      sealedToken: sealer.seal(token),
      tokenHash: hashToken(token),
      at: clock.now(),
    })
    return (await findAccountByName(tx, name))!.id
  })
  return { id, name, token }
}

/** Makes an app token of a user, the password of `$app`. */
export async function mintAppToken(server: TestServer, username: string): Promise<string> {
  const { db, sealer, clock } = server.deps
  const { token, ...secrets } = makeAppToken()
  const userId = (await findUserByName(db, username))!.id
  await transact(db, (tx) =>
    insertAppToken(tx, {
      ...secrets,
      userId,
      title: 'laptop',
      sealedToken: sealer.seal(token),
      at: clock.now(),
      expiresAt: null,
    }),
  )
  return token
}

/** The `Authorization` header of a name and a secret. */
export const basicAuth = (login: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
})

/** Logs in as docker does: gives the status, what the token was given for, and calls with it. */
export async function logIn(
  server: TestServer,
  login: string,
  password: string,
  scope?: string,
): Promise<{ status: number; actions?: string[]; subject?: string; call: Call }> {
  const query = new URLSearchParams({ service: server.host, ...(scope ? { scope } : {}) })
  const headers = basicAuth(login, password)
  const { status, json } = await server.call('GET', `/v2/auth?${query}`, { headers })
  const claims = json?.token && JSON.parse(atob(json.token.split('.')[1]))
  const call = makeCall(server.url, () => ({ authorization: `Bearer ${json?.token}` }))
  return { status, actions: claims?.access[0]?.actions, subject: claims?.sub, call }
}
