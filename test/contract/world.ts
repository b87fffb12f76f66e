import { makeCall, type Call } from '#test/support/client.ts'
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
  /** Headers with a registry token. */
  token(person: Person, ...scopes: string[]): Promise<Headers>
  /** The same, given at a time when pushes made namespaces. */
  earlierToken(person: Person, ...scopes: string[]): Promise<Headers>
  /** Basic credentials. */
  basic(person: Person): Headers
  /** Signs somebody up. */
  person(): Promise<Person>
  /** Somebody whose account waits after wrong passwords. */
  lockedPerson(): Promise<Person>
  /** A private repository of the keeper, with an image under the tag `latest`, and a token for all of it. */
  repository(): Promise<{ name: string; image: PushedImage; headers: Headers; call: Call }>
  /** An organization that the keeper administers: its only team is `owners`, and it has a private repository. */
  organization(): Promise<{ name: string; repository: string }>
  /** Calls the main server as nobody. */
  call: Call
  /** The same for the server that sends mails. */
  mail: Call
  /** Lets a repository of the keeper take no changes any more. */
  makeReadOnly(repository: string): Promise<void>
  /** Begins a chunk of an upload and leaves it unfinished until the request under test was answered. */
  stall(upload: string, headers: Headers): Promise<void>
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
  const refreshTokens = new Map<string, Promise<string>>()
  let counter = 0

  /** Checking a password is slow on purpose: it is done once for each person. */
  function refreshTokenOf(person: Person): Promise<string> {
    if (!refreshTokens.has(person.name)) refreshTokens.set(person.name, logIn(person))
    return refreshTokens.get(person.name)!
  }
  async function logIn(person: Person): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'password',
      client_id: 'test',
      access_type: 'offline',
      username: person.name,
      password: person.password,
    })
    const answer = await call('POST', '/v2/auth', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(form),
    })
    return answer.json.refresh_token
  }
  async function tokenFrom(server: keyof Stage['servers'], person: Person, scopes: string[]) {
    const form = new URLSearchParams({ service: host, scope: scopes.join(' '), client_id: 'test' })
    form.set('grant_type', 'refresh_token')
    form.set('refresh_token', await refreshTokenOf(person))
    const { json } = await makeCall(servers[server])('POST', '/v2/auth', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(form),
    })
    return { authorization: `Bearer ${json.token}` }
  }

  const world: World = {
    ...stage,
    name: () => `thing-${++counter}`,
    as: ({ cookie, csrfToken }) => ({ cookie, 'x-csrf-token': csrfToken }),
    async visitor(server = 'main') {
      const { headers, json } = await makeCall(servers[server])('GET', '/csrf_token')
      return { cookie: cookieOf(headers), 'x-csrf-token': json.csrf_token }
    },
    token: (person, ...scopes) => tokenFrom('main', person, scopes),
    earlierToken: (person, ...scopes) => tokenFrom('hasty', person, scopes),
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
      const headers = await world.token(people.keeper, `repository:${name}:pull,push,delete`)
      const push = makeCall(servers.main, () => headers)
      return { name, image: await pushImage(push, name, ['latest']), headers, call: push }
    },
    async organization() {
      const name = world.name()
      const repository = `${name}/${world.name()}`
      const headers = await world.earlierToken(people.keeper, `repository:${repository}:pull,push`)
      // A push there makes the namespace of its repository.
      await pushImage(
        makeCall(servers.hasty, () => headers),
        repository,
        ['latest'],
      )
      return { name, repository }
    },
    call,
    mail: makeCall(servers.mailing),
    async makeReadOnly(repository) {
      const answer = await call('PUT', `/api/v1/repository/${repository}/changestate`, {
        headers: world.as(people.keeper),
        body: { state: 'READ_ONLY' },
      })
      if (answer.status !== 200) throw new Error(`still not read-only: ${answer.text}`)
    },
    async stall(upload, headers) {
      const ending = new AbortController()
      world.afterwards(() => ending.abort())
      // A chunk out of order changes nothing: 416 when nobody writes, 409 when somebody does.
      const isBusy = async () => {
        const probe = { headers: { ...headers, 'content-range': '7-7' }, body: 'x' }
        return (await call('PATCH', upload, probe)).status === 409
      }
      for (;;) {
        const chunk = { method: 'PATCH', headers, body: unfinished(), duplex: 'half' }
        const sent = { isOver: false }
        const over = () => (sent.isOver = true)
        fetch(servers.main + upload, { ...chunk, signal: ending.signal } as RequestInit).then(
          over,
          over,
        )
        // The probe may have come in between; then the chunk itself was refused, and is sent again.
        while (!sent.isOver) if (await isBusy()) return
      }
    },
    afterwards: (work) => works.push(work),
    tidy() {
      for (const work of works.splice(0)) work()
    },
  }
  return world
}

function unfinished(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) })
}

function cookieOf(headers: globalThis.Headers): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}
