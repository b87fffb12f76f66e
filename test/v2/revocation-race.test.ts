import { expect, test } from 'vitest'

import { imageManifestType } from '#domain/manifest.ts'
import { grant, makeOrganization, mintToken } from '#test/support/account.ts'
import { makeCall, type Answer, type Call } from '#test/support/client.ts'
import { pushImage, type PushedImage } from '#test/support/image.ts'
import { basicAuth, makeRobot, mintAppToken } from '#test/support/machine.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

const fullName = 'acme/app'
const manifest = `/v2/${fullName}/manifests/latest`

/** `acme` is an organization that `ada` administers, with the repository `acme/app`. */
async function startWithApp(): Promise<{ server: TestServer; ada: Call }> {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const push = await server.registry('ada', `repository:${fullName}:pull,push`)
  await pushImage(push, fullName, ['latest'])
  return { server, ada }
}

/** Calls with a registry token that is asked for once, before anything is taken back. */
async function logIn(server: TestServer, login: string, secret: string): Promise<Call> {
  const query = new URLSearchParams({
    service: server.host,
    scope: `repository:${fullName}:pull,push`,
  })
  const answer = await server.call('GET', `/v2/auth?${query}`, {
    headers: basicAuth(login, secret),
  })
  expect(answer.status).toBe(200)
  return makeCall(server.url, () => ({ authorization: `Bearer ${answer.json.token}` }))
}

const pull = (call: Call) => call('GET', manifest)

/** Pushes an image that is there under one tag after the other. */
function pushTag(call: Call, image: PushedImage) {
  let count = 0
  return () =>
    call('PUT', `/v2/${fullName}/manifests/t${count++ % 5}`, {
      headers: { 'content-type': imageManifestType },
      body: image.manifest,
    })
}

/**
 * Six clients use a right again and again while it is taken back. Gives the statuses that came: before the answer,
 * without the refusals of what was overtaken, and to whatever began after it.
 */
async function takeBackInUse(
  use: () => Promise<Answer>,
  takeBack: () => Promise<Answer>,
): Promise<{ before: number[]; after: number[] }> {
  const phase = { isOver: false, isDone: false }
  const before: number[] = []
  const after: number[] = []
  const client = async () => {
    while (!phase.isDone) {
      const { isOver } = phase
      const { status } = await use()
      ;(isOver ? after : before).push(status)
    }
  }
  const clients = Array.from({ length: 6 }, client)
  await expect.poll(() => before.length, { timeout: 10_000 }).toBeGreaterThan(6)
  const { status } = await takeBack()
  phase.isOver = true
  expect([200, 204]).toContain(status)
  await expect.poll(() => after.length, { timeout: 10_000 }).toBeGreaterThan(12)
  phase.isDone = true
  await Promise.all(clients)
  const notRefused = before.filter((each) => each !== 401)
  return { before: [...new Set(notRefused)], after: [...new Set(after)] }
}

test('an app token that is revoked in use: no request that begins after the answer succeeds', async () => {
  const { server, ada } = await startWithApp()
  const call = await logIn(server, '$app', await mintAppToken(server, 'ada'))
  const { json } = await ada('GET', '/api/v1/user/apptoken')
  const path = `/api/v1/user/apptoken/${json.tokens[0].uuid}`
  const statuses = await takeBackInUse(
    () => pull(call),
    () => ada('DELETE', path),
  )
  expect(statuses).toEqual({ before: [200], after: [401] })
})

test('an OAuth token that is revoked in use: no request that begins after the answer succeeds, on /v1 or /v2', async () => {
  const { server, ada } = await startWithApp()
  for (const face of ['v1', 'v2'] as const) {
    const token = await mintToken(server, 'ada', ['repo:read'])
    const call = face === 'v1' ? server.withToken(token) : await logIn(server, '$oauthtoken', token)
    const { json } = await ada('GET', '/api/v1/user/authorizations')
    const path = `/api/v1/user/authorizations/${json.authorizations.at(-1).uuid}`
    const statuses = await takeBackInUse(
      () => (face === 'v1' ? call('GET', `/api/v1/repository/${fullName}`) : pull(call)),
      () => ada('DELETE', path),
    )
    expect(statuses).toEqual({ before: [200], after: [401] })
  }
})

test('a robot whose token is renewed during pulls: the old token and what was made from it are over with the answer', async () => {
  const { server, ada } = await startWithApp()
  const robot = await makeRobot(server, 'acme', 'ci')
  await grant(server, fullName, robot.name, 'read')
  const call = await logIn(server, robot.name, robot.token)
  const statuses = await takeBackInUse(
    () => pull(call),
    () => ada('POST', '/api/v1/organization/acme/robots/ci/regenerate'),
  )
  expect(statuses).toEqual({ before: [200], after: [401] })
  const again = await server.call('GET', '/v2/auth', {
    headers: basicAuth(robot.name, robot.token),
  })
  expect(again.status).toBe(401)
})

test('a member who is removed while pushing: no push that begins after the answer is taken', async () => {
  const { server, ada } = await startWithApp()
  await server.user('bob')
  const team = '/api/v1/organization/acme/team/builders'
  await ada('PUT', team, { body: { role: 'member' } })
  await ada('PUT', `${team}/members/bob`)
  await ada('PUT', `/api/v1/repository/${fullName}/permissions/team/builders`, {
    body: { role: 'write' },
  })
  const call = await logIn(server, 'bob', 'password-of-bob')
  const image = await pushImage(call, fullName, ['t0'])
  for (const path of [`${team}/members/bob`, '/api/v1/organization/acme/members/bob']) {
    await ada('PUT', `${team}/members/bob`)
    const statuses = await takeBackInUse(pushTag(call, image), () => ada('DELETE', path))
    expect(statuses).toEqual({ before: [201], after: [401] })
  }
})

test('a role that is lowered to read while pushing: pushes end with the answer, pulls go on', async () => {
  const { server, ada } = await startWithApp()
  await server.user('bob')
  const permission = `/api/v1/repository/${fullName}/permissions/user/bob`
  await ada('PUT', permission, { body: { role: 'write' } })
  const call = await logIn(server, 'bob', 'password-of-bob')
  const image = await pushImage(call, fullName, ['t0'])
  const statuses = await takeBackInUse(pushTag(call, image), () =>
    ada('PUT', permission, { body: { role: 'read' } }),
  )
  expect(statuses).toEqual({ before: [201], after: [401] })
  expect((await pull(call)).status).toBe(200)
})

test('a default permission that is deleted while pushes make repositories: none that begins after the answer gets it', async () => {
  const { server, ada } = await startWithApp()
  const robot = await makeRobot(server, 'acme', 'ci')
  const prototypes = '/api/v1/organization/acme/prototypes'
  const { json } = await ada('POST', prototypes, {
    body: { role: 'write', delegate: { name: robot.name, kind: 'user' } },
  })
  const names = Array.from({ length: 16 }, (_, index) => `acme/new${index}`)
  const scopes = names.map((name) => `repository:${name}:pull,push`)
  const push = await server.registry('ada', ...scopes)
  const make = (name: string) => push('POST', `/v2/${name}/blobs/uploads/`)
  const [early, late] = [names.slice(0, 12), names.slice(12)]
  const making = early.map(make)
  expect((await ada('DELETE', `${prototypes}/${json.id}`)).status).toBe(204)
  const made = [...(await Promise.all(making)), ...(await Promise.all(late.map(make)))]
  expect(made.map(({ status }) => status)).toEqual(names.map(() => 202))
  for (const name of late) {
    const granted = await ada('GET', `/api/v1/repository/${name}/permissions/user/`)
    expect(Object.keys(granted.json.permissions)).toEqual(['ada'])
  }
})
