import { generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'

import type { Call } from '#test/support/client.ts'
import type { TestIssuer } from '#test/support/issuer.ts'

/** An organization of the admin's and the things of one; what has a uuid the hooks make themselves. */
export interface People {
  /** A browser session of the admin, as headers. */
  session: Record<string, string>
  organization: string
  teams: string[]
  /** Short names, the same in the organization and of the admin's own. */
  robots: string[]
  /** Client ids. */
  applications: string[]
  /** An application that stays as it is. */
  flow: { clientId: string; clientSecret: string; redirectUri: string }
  /** A robot with a token of an outside issuer that stands for it. */
  federated: [string, string]
  /** A service and its approved key. */
  service: { name: string; kid: string }
  /** New keys, each of a service of its own, with a token by which it speaks for itself. */
  newKeys: { service: string; kid: string; jwk: Record<string, unknown>; token: string }[]
}

const organization = 'harbour'
const service = 'scanner'
const redirectUri = 'https://deploy.example.com/callback'
/** The registry takes no token of a service that lives longer. */
const tokenSeconds = 3600

/** Makes all of it. `admin` calls with an OAuth token that has every scope. */
export async function furnishPeople(
  base: string,
  { admin, session, issuer }: { admin: Call; session: Record<string, string>; issuer: TestIssuer },
): Promise<People> {
  const make: Make = async (method, path, body) => {
    const answer = await admin(method, path, body && { body })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }
  await make('POST', '/api/v1/organization/', { name: organization, email: 'harbour@example.com' })
  const own = `/api/v1/organization/${organization}`
  const teams = ['builders', 'readers']
  for (const team of teams) {
    await make('PUT', `${own}/team/${team}`, { role: 'creator' })
    await make('PUT', `${own}/team/${team}/members/admin`)
  }
  const robots = ['ci', 'deploy']
  for (const robot of robots) {
    await make('PUT', `${own}/robots/${robot}`)
    await make('PUT', `/api/v1/user/robots/${robot}`)
  }
  const [managed, flow] = [
    await make('POST', `${own}/applications`, { name: 'managed', redirect_uri: redirectUri }),
    await make('POST', `${own}/applications`, { name: 'flow', redirect_uri: redirectUri }),
  ]
  return {
    session,
    organization,
    teams,
    robots,
    applications: [managed.client_id],
    flow: { clientId: flow.client_id, clientSecret: flow.client_secret, redirectUri },
    federated: await federate(make, own, { issuer, host: new URL(base).host }),
    service: { name: service, kid: await makeServiceKey(make) },
    newKeys: Array.from({ length: 400 }, (_, index) => makeNewKey(base, index)),
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers of every shape
type Make = (method: string, path: string, body?: object) => Promise<any>

async function federate(
  make: Make,
  own: string,
  { issuer, host }: { issuer: TestIssuer; host: string },
): Promise<[string, string]> {
  const sub = 'repo:harbour/app'
  const { name } = await make('PUT', `${own}/robots/outside`)
  await make('POST', `${own}/robots/outside/federation`, [{ issuer: issuer.url, subject: sub }])
  return [name, issuer.sign({ sub, aud: host, exp: Math.floor(Date.now() / 1000) + tokenSeconds })]
}

async function makeServiceKey(make: Make): Promise<string> {
  const wanted = { service, name: 'Scanner', expiration: null }
  return (await make('POST', '/api/v1/superuser/keys', wanted)).kid
}

function makeNewKey(base: string, index: number) {
  // One service may hand in few keys an hour.
  const [own, kid] = [`${service}_${index}`, `new-${index}`]
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const options = { algorithm: 'ES256', keyid: kid, expiresIn: tokenSeconds } as const
  const token = jwt.sign({ iss: own, aud: base }, privateKey, options)
  return {
    service: own,
    kid,
    jwk: publicKey.export({ format: 'jwk' }) as Record<string, unknown>,
    token,
  }
}
