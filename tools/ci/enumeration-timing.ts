// How long the registry takes to refuse what exists and what does not. The tests count statements and verifications of
// passwords; these numbers are for people to look at, because a busy machine would make a limit on them fail by chance.
import { check, measured } from './check.ts'
import { initializeUser, withServer, type Server } from './npm-server.ts'

const password = 'password'
/** An account waits after a wrong password, so each is tried once. */
const people = 40
const rounds = 200
const loginsOf = (word: string) => Array.from({ length: people }, (_, index) => `${word}${index}`)

/** Milliseconds of a request, and its status. */
interface Timed {
  ms: number
  status: number
}

await withServer({ port: 18_107 }, async (server) => {
  const token = await initializeUser(server, 'admin', password)
  await makePeople(server, token)
  await compare('a wrong password, of an account and of nobody', people, (round, exists) => {
    const login = loginsOf(exists ? 'person' : 'nobody')[round]!
    return timed(server, '/v2/auth', basic(login, 'wrong'))
  })
  await compare('a wrong token, of a robot and of none', rounds, (_, exists) =>
    timed(server, '/v2/auth', basic(exists ? 'admin+ci' : 'admin+no', 'A'.repeat(64))),
  )
  await compare('a repository of v1 without a login, private and missing', rounds, (_, exists) =>
    timed(server, `/api/v1/repository/admin/${exists ? 'secret' : 'absent'}`),
  )
  const bearer = await strangersToken(server)
  await compare(
    'a manifest of v2, in a private repository and a missing one',
    rounds,
    (_, exists) =>
      timed(server, `/v2/admin/${exists ? 'secret' : 'absent'}/manifests/latest`, bearer),
  )
})

async function makePeople(server: Server, token: string): Promise<void> {
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  }
  for (const username of ['stranger', ...loginsOf('person')])
    await call('POST', '/api/v1/superuser/users/', { username, email: `${username}@example.com` })
  await call('PUT', '/api/v1/superuser/users/stranger', { password })
  await call('PUT', '/api/v1/user/robots/ci', {})
  await call('POST', '/api/v1/repository', {
    repository: 'secret',
    visibility: 'private',
    description: '',
  })
}

/** A token that was asked for both repositories, and covers neither. */
async function strangersToken(server: Server): Promise<Record<string, string>> {
  const query = new URLSearchParams([
    ['service', server.host],
    ['scope', 'repository:admin/secret:pull'],
    ['scope', 'repository:admin/absent:pull'],
  ])
  const response = await fetch(`${server.url}/v2/auth?${query}`, {
    headers: basic('stranger', password),
  })
  const { token } = (await response.json()) as { token: string }
  return { authorization: `Bearer ${token}` }
}

/** Asks for both in turn, tells the medians, and demands that the statuses are the same. */
async function compare(
  what: string,
  count: number,
  ask: (round: number, exists: boolean) => Promise<Timed>,
): Promise<void> {
  const [there, missing]: [Timed[], Timed[]] = [[], []]
  for (let round = 0; round < count; round++)
    for (const exists of round % 2 === 0 ? [true, false] : [false, true])
      (exists ? there : missing).push(await ask(round, exists))
  const [one, other] = [medianOf(there), medianOf(missing)]
  const ratio = (one / other).toFixed(2)
  measured(`refusing ${what}`, `${one.toFixed(2)} ms and ${other.toFixed(2)} ms, ratio ${ratio}`)
  await check(`${what}, are refused with one status`, () => {
    const statuses = new Set([...there, ...missing].map(({ status }) => status))
    if (statuses.size !== 1 || !statuses.has(401)) throw new Error([...statuses].join(' '))
  })
}

async function timed(
  server: Server,
  path: string,
  headers: Record<string, string> = {},
): Promise<Timed> {
  const since = performance.now()
  const response = await fetch(server.url + path, { headers })
  await response.arrayBuffer()
  return { ms: performance.now() - since, status: response.status }
}

function medianOf(all: readonly Timed[]): number {
  const sorted = all.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}

function basic(login: string, secret: string) {
  return { authorization: `Basic ${Buffer.from(`${login}:${secret}`).toString('base64')}` }
}
