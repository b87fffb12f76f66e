import { digestOf } from '#domain/digest.ts'
import { imageManifestType } from '#domain/manifest.ts'
import { makeCall, type Call } from '#test/support/client.ts'
import { makeImage, pushImage, type PushedImage } from '#test/support/image.ts'
import type { TestIssuer } from '#test/support/issuer.ts'
import { furnishPeople, type People } from './people.ts'
import type { PostOffice } from './post-office.ts'

/** What the hooks know of the registry: who may ask, and what is there to ask for. */
export interface World {
  base: string
  host: string
  /** Where mails can be had. */
  postOffice: string
  user: string
  password: string
  /** Names and passwords that docker logs in with: of the account, its robot, its app token. */
  logins: [string, string][]
  /** Only the first user has one. */
  oauthToken: string | undefined
  repositories: string[]
  tags: string[]
  /** Digests. */
  manifests: string[]
  blobs: string[]
  usernames: string[]
  /** Ids of the keys that sign registry tokens. */
  keys: string[]
  /** A manifest that the repositories take. */
  manifest: string
  /** Only the first user has an organization, and the things of one. */
  people: People | undefined
}

const tags = ['stable', 'edge', 'v1.2']
const password = 'a-password-of-the-fuzzer'

/** Makes two accounts with repositories: one for each document, so that neither run spoils the other's. */
export async function seedWorlds(
  base: string,
  { postOffice, issuer }: { postOffice: PostOffice; issuer: TestIssuer },
): Promise<{ v1: World; v2: World }> {
  const call = makeCall(base)
  const { json } = await call('POST', '/api/v1/user/initialize', {
    body: { username: 'admin', password, email: 'admin@example.com', access_token: true },
  })
  const oauthToken: string = json.access_token
  const admin = makeCall(base, () => ({ authorization: `Bearer ${oauthToken}` }))
  const keeper = await signUp(base, 'keeper', postOffice)
  const { json: set } = await call('GET', '/keys/services/registry/keys')
  const shared = {
    postOffice: postOffice.url,
    usernames: ['admin', 'keeper'],
    keys: set.keys.map(({ kid }: { kid: string }) => kid),
  }
  const session = await signIn(base, 'admin')
  const people = await furnishPeople(base, { admin, session, issuer })
  const v1 = await seedWorld(base, 'admin', [`${people.organization}/app`])
  const v2 = await seedWorld(base, 'keeper')
  return {
    v1: {
      ...v1,
      ...shared,
      oauthToken,
      people,
      logins: [['admin', password]],
    },
    v2: {
      ...v2,
      ...shared,
      oauthToken: undefined,
      people: undefined,
      logins: [['keeper', password], ...(await makeLogins(keeper, v2.repositories))],
    },
  }
}

/** Signs somebody up, as far as the link in the mail; gives calls in the session that it begins. */
async function signUp(base: string, username: string, postOffice: PostOffice): Promise<Call> {
  const call = makeCall(base)
  const email = `${username}@example.com`
  const answer = await call('POST', '/api/v1/user/', {
    headers: await visitor(base),
    body: { username, password, email },
  })
  if (answer.status !== 200) throw new Error(`no account ${username}: ${answer.text}`)
  const { headers } = await call('GET', await postOffice.take(email, 'confirm'))
  const session = await visitor(base, { cookie: cookieOf(headers) })
  return makeCall(base, () => session)
}

/** A browser session, as headers. */
async function signIn(base: string, username: string): Promise<Record<string, string>> {
  const { headers } = await makeCall(base)('POST', '/api/v1/signin', {
    headers: await visitor(base),
    body: { username, password },
  })
  return { cookie: cookieOf(headers), 'x-csrf-token': headers.get('x-next-csrf-token') ?? '' }
}

/** Headers of a browser with its CSRF token. */
async function visitor(
  base: string,
  given: Record<string, string> = {},
): Promise<Record<string, string>> {
  const { headers, json } = await makeCall(base)('GET', '/csrf_token', { headers: given })
  return { cookie: cookieOf(headers), ...given, 'x-csrf-token': json.csrf_token }
}

function cookieOf(headers: Headers): string {
  const cookies = headers.getSetCookie().map((each) => each.split(';', 1)[0])
  return cookies.join('; ')
}

/** A robot with the role admin, and an app token. */
async function makeLogins(keeper: Call, repositories: string[]): Promise<[string, string][]> {
  const robot = await keeper('PUT', '/api/v1/user/robots/ci')
  for (const name of repositories)
    await keeper('PUT', `/api/v1/repository/${name}/permissions/user/${robot.json.name}`, {
      body: { role: 'admin' },
    })
  const made = await keeper('POST', '/api/v1/user/apptoken', { body: { title: 'laptop' } })
  return [
    [robot.json.name, robot.json.token],
    ['$app', made.json.token.token_code],
  ]
}

async function seedWorld(base: string, user: string, others: string[] = []) {
  const { host } = new URL(base)
  const own = ['app', 'tools/compiler', 'empty-ish'].map((name) => `${user}/${name}`)
  const repositories = [...own, ...others]
  const scopes = repositories.map((name): [string, string] => [
    'scope',
    `repository:${name}:pull,push`,
  ])
  const query = new URLSearchParams([['service', host], ...scopes])
  const credentials = Buffer.from(`${user}:${password}`).toString('base64')
  const { json } = await makeCall(base)('GET', `/v2/auth?${query}`, {
    headers: { authorization: `Basic ${credentials}` },
  })
  const push = makeCall(base, () => ({ authorization: `Bearer ${json.token}` }))
  const images: PushedImage[] = []
  for (const repository of repositories)
    for (const [index, tag] of tags.entries()) {
      // The same images in each repository: what is known of one is known of all.
      const image = makeImage(`${user} ${index}`)
      await pushImage(push, repository, [tag], image)
      images.push(image)
    }
  const signature = makeImage('signature', {
    subject: {
      mediaType: imageManifestType,
      digest: images[0]!.digest,
      size: images[0]!.manifest.length,
    },
  })
  await pushImage(push, repositories[0]!, [], signature)
  const unique = (values: string[]) => [...new Set(values)]
  return {
    base,
    host,
    user,
    password,
    repositories,
    tags,
    manifests: unique(images.map(({ digest }) => digest)),
    blobs: unique(images.flatMap(({ config, layer }) => [digestOf(config), digestOf(layer)])),
    manifest: images[0]!.manifest.toString(),
  }
}
