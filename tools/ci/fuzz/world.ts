import { digestOf } from '#domain/digest.ts'
import { imageManifestType } from '#domain/manifest.ts'
import { makeCall, type Call } from '#test/support/client.ts'
import { makeImage, pushImage, type PushedImage } from '#test/support/image.ts'

/** What the hooks know of the registry: who may ask, and what is there to ask for. */
export interface World {
  base: string
  host: string
  user: string
  password: string
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
}

const tags = ['stable', 'edge', 'v1.2']
const password = 'a-password-of-the-fuzzer'

/** Makes two accounts with repositories: one for each document, so that neither run spoils the other's. */
export async function seedWorlds(base: string): Promise<{ v1: World; v2: World }> {
  const call = makeCall(base)
  const { json } = await call('POST', '/api/v1/user/initialize', {
    body: { username: 'admin', password, email: 'admin@example.com', access_token: true },
  })
  await signUp(call, 'keeper')
  const { json: set } = await call('GET', '/keys/services/registry/keys')
  const shared = {
    usernames: ['admin', 'keeper'],
    keys: set.keys.map(({ kid }: { kid: string }) => kid),
  }
  const v1 = await seedWorld(base, 'admin')
  const v2 = await seedWorld(base, 'keeper')
  return {
    v1: { ...v1, ...shared, oauthToken: json.access_token },
    v2: { ...v2, ...shared, oauthToken: undefined },
  }
}

async function signUp(call: Call, username: string): Promise<void> {
  const { headers, json } = await call('GET', '/csrf_token')
  const cookie = headers.getSetCookie().map((each) => each.split(';', 1)[0])
  const answer = await call('POST', '/api/v1/user/', {
    headers: { cookie: cookie.join('; '), 'x-csrf-token': json.csrf_token },
    body: { username, password, email: `${username}@example.com` },
  })
  if (answer.status !== 200) throw new Error(`no account ${username}: ${answer.text}`)
}

async function seedWorld(base: string, user: string) {
  const { host } = new URL(base)
  const repositories = ['app', 'tools/compiler', 'empty-ish'].map((name) => `${user}/${name}`)
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
