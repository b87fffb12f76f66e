import { makeCall } from '#test/support/client.ts'
import { pushImage, type PushedImage } from '#test/support/image.ts'
import type { Person, Stage } from './stage.ts'

type Headers = Record<string, string>

/** What fixtures build with. Names are never used twice. */
export interface World extends Stage {
  /** A name that is free. */
  name(): string
  /** Headers of a person's browser. */
  as(person: Person): Headers
  /** Headers of a browser in which nobody has signed in. */
  visitor(server?: keyof Stage['servers']): Promise<Headers>
  /** Headers with a registry token; of nobody without a person. */
  token(person: Person | undefined, ...scopes: string[]): Promise<Headers>
  /** Basic credentials. */
  basic(person: Person): Headers
  /** Signs somebody up. */
  person(): Promise<Person>
  /** Somebody whose account waits after wrong passwords. */
  lockedPerson(): Promise<Person>
  /** A private repository of the keeper, with an image under the tag `latest`. */
  repository(): Promise<{ name: string; image: PushedImage }>
  /** Lets a repository of the keeper take no changes any more. */
  makeReadOnly(repository: string): Promise<void>
  /** Says what to do after the request under test was answered. */
  afterwards(work: () => void): void
  /** Does what was left for afterwards. */
  tidy(): void
}

/** Opens the stage to fixtures. */
export function openWorld(stage: Stage): World {
  const { servers, people } = stage
  const { host } = new URL(servers.main)
  const call = makeCall(servers.main)
  const works: (() => void)[] = []
  let counter = 0

  const world: World = {
    ...stage,
    name: () => `thing-${++counter}`,
    as: ({ cookie, csrfToken }) => ({ cookie, 'x-csrf-token': csrfToken }),
    async visitor(server = 'main') {
      const { headers, json } = await makeCall(servers[server])('GET', '/csrf_token')
      return { cookie: cookieOf(headers), 'x-csrf-token': json.csrf_token }
    },
    async token(person, ...scopes) {
      const query = new URLSearchParams({ service: host })
      for (const scope of scopes) query.append('scope', scope)
      const { json } = await call('GET', `/v2/auth?${query}`, {
        headers: person ? world.basic(person) : {},
      })
      return { authorization: `Bearer ${json.token}` }
    },
    basic: ({ name, password }) => ({
      authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
    }),
    async person() {
      const name = world.name()
      const password = `password-of-${name}`
      const answer = await call('POST', '/api/v1/user/', {
        headers: await world.visitor(),
        body: { username: name, password, email: `${name}@example.com` },
      })
      if (answer.status !== 200) throw new Error(`nobody signed up: ${answer.text}`)
      const csrfToken = answer.headers.get('x-next-csrf-token') ?? ''
      return { name, password, cookie: cookieOf(answer.headers), csrfToken }
    },
    async lockedPerson() {
      const person = await world.person()
      const wrong = { ...person, password: 'a wrong password' }
      // At the same time: none of them waits for the others, so together they lock the account for long.
      await Promise.all(
        Array.from({ length: 4 }, () =>
          call('GET', '/v2/auth?scope=repository:a/b:pull', { headers: world.basic(wrong) }),
        ),
      )
      return person
    },
    async repository() {
      const name = `${people.keeper.name}/${world.name()}`
      const headers = await world.token(people.keeper, `repository:${name}:pull,push`)
      const image = await pushImage(
        makeCall(servers.main, () => headers),
        name,
        ['latest'],
      )
      return { name, image }
    },
    async makeReadOnly(repository) {
      const answer = await call('PUT', `/api/v1/repository/${repository}/changestate`, {
        headers: world.as(people.keeper),
        body: { state: 'READ_ONLY' },
      })
      if (answer.status !== 200) throw new Error(`still not read-only: ${answer.text}`)
    },
    afterwards: (work) => works.push(work),
    tidy() {
      for (const work of works.splice(0)) work()
    },
  }
  return world
}

function cookieOf(headers: globalThis.Headers): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}
