import { expect, test } from 'vitest'

import { permissions } from '#generated/permissions.ts'
import { grant, makeOrganization, mintToken } from '#test/support/account.ts'
import type { Call } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { makeRobot } from '#test/support/machine.ts'
import { everyOperation, targetOf, type DeclaredOperation } from '#test/support/operation.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

/** A private repository, one that is missing in the same namespace, and one in a namespace that is missing. */
const repositories = ['acme/secret', 'acme/absent', 'absent/absent']
const placeholder = 'NAMESPACE/REPOSITORY'

/** `acme` has the private repository `acme/secret`; `stranger` and the robot `other+ci` have no right there. */
async function startWithSecret() {
  const server = await startServer()
  await server.user('ada')
  await server.user('stranger')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  await makeOrganization(server, 'other', { admin: 'stranger' })
  const push = await server.registry('ada', 'repository:acme/secret:pull,push')
  const image = await pushImage(push, 'acme/secret', ['latest'])
  return { server, image }
}

/** Callers who may not know: of v2 each with a token that was asked for every repository. */
async function strangers(server: TestServer, api: 'v1' | 'v2'): Promise<Record<string, Call>> {
  const oauth = await mintToken(server, 'stranger', ['repo:admin', 'org:admin', 'user:admin'])
  if (api === 'v1')
    return { nobody: server.call, user: server.as('stranger'), token: server.withToken(oauth) }
  const scopes = repositories.map((name) => `repository:${name}:pull,push,delete`)
  return {
    nobody: server.call,
    anonymousToken: await server.registry(undefined, ...scopes),
    user: await server.registry('stranger', ...scopes),
  }
}

/** What an answer tells, with the name that was asked for taken out. */
async function observe(
  call: Call,
  operation: DeclaredOperation,
  names: { raw: Record<string, string>; hidden: readonly string[] },
) {
  const { method, body } = operation
  const sent = body && { body: body.example, headers: { 'content-type': body.type } }
  const answer = await call(method, targetOf(operation, names.raw), sent)
  const hide = (text: string | null) =>
    names.hidden.reduce((kept, name) => (kept ?? '').replaceAll(name, placeholder), text)
  const headers = [...answer.headers.keys()].filter((name) => name !== 'set-cookie')
  return {
    status: answer.status,
    text: hide(answer.text)!.replaceAll(encodeURIComponent(placeholder), placeholder),
    challenge: hide(answer.headers.get('www-authenticate')),
    headers: headers.toSorted(),
  }
}

const namesRepository = ({ api, parameters }: DeclaredOperation) =>
  parameters.some(
    ({ in: place, name }) => place === 'path' && name === (api === 'v1' ? 'repository' : 'name'),
  )

test.for(['v1', 'v2'] as const)(
  'no operation of %s tells somebody without a right there whether a private repository exists',
  async (api) => {
    const { server } = await startWithSecret()
    const operations = everyOperation().filter(
      (operation) => operation.api === api && namesRepository(operation),
    )
    expect(operations.length).toBeGreaterThan(12)
    for (const [who, call] of Object.entries(await strangers(server, api)))
      for (const operation of operations) {
        const seen = []
        for (const name of repositories)
          seen.push(
            await observe(call, operation, { raw: { repository: name, name }, hidden: [name] }),
          )
        const label = `${operation.operationId} by ${who}`
        expect([label, ...seen.slice(1)]).toEqual([label, seen[0], seen[0]])
        // Taking a star away that is not there is no fault.
        expect([204, 401, 403, 404, 405]).toContain(seen[0]!.status)
      }
  },
)

test('no operation on an organization tells a stranger whether there is one, but those that anybody may read', async () => {
  const { server } = await startWithSecret()
  const open = (operation: DeclaredOperation) =>
    permissions[operation.operationId as keyof typeof permissions].permission.require === 'org:view'
  const operations = everyOperation().filter(
    (operation) =>
      operation.parameters.some(({ in: place, name }) => place === 'path' && name === 'orgname') &&
      !open(operation),
  )
  expect(operations.length).toBeGreaterThan(20)
  for (const [who, call] of Object.entries(await strangers(server, 'v1')))
    for (const operation of operations) {
      const [there, missing] = await Promise.all(
        ['acme', 'absent'].map((orgname) =>
          observe(call, operation, { raw: { orgname }, hidden: [] }),
        ),
      )
      const label = `${operation.operationId} by ${who}`
      expect([label, missing]).toEqual([label, there])
    }
})

test('the token service grants nothing on a private repository, as on a missing one, and says it alike', async () => {
  const { server } = await startWithSecret()
  const robot = await makeRobot(server, 'other', 'ci')
  const ask = async (name: string, authorization?: string) => {
    const query = new URLSearchParams({
      service: server.host,
      scope: `repository:${name}:pull,push,delete,*`,
    })
    const headers = authorization ? { authorization } : {}
    const { status, json } = await server.call('GET', `/v2/auth?${query}`, { headers })
    const claims = JSON.parse(Buffer.from(json.token.split('.')[1], 'base64url').toString())
    return {
      status,
      keys: Object.keys(json),
      actions: claims.access[0].actions,
      size: claims.access.length,
    }
  }
  const basic = (login: string, secret: string) =>
    `Basic ${Buffer.from(`${login}:${secret}`).toString('base64')}`
  for (const who of [
    undefined,
    basic('stranger', 'password-of-stranger'),
    basic(robot.name, robot.token),
  ]) {
    const [secret, ...missing] = await Promise.all(repositories.map((name) => ask(name, who)))
    expect(secret).toMatchObject({ status: 200, actions: [], size: 1 })
    expect(missing).toEqual([secret, secret])
  }
})

test('what names a repository beside the path tells no more: stars, mounts, new repositories', async () => {
  const { server, image } = await startWithSecret()
  const stranger = server.as('stranger')
  const push = await server.registry('stranger', 'repository:stranger/app:pull,push')
  await push('POST', '/v2/stranger/app/blobs/uploads/')
  const attempts: Record<string, (namespace: string, repository: string) => ReturnType<Call>> = {
    star: (namespace, repository) =>
      stranger('POST', '/api/v1/user/starred', { body: { namespace, repository } }),
    create: (namespace, repository) =>
      stranger('POST', '/api/v1/repository', {
        body: { namespace, repository, visibility: 'private', description: '' },
      }),
    mount: (namespace, repository) =>
      push(
        'POST',
        `/v2/stranger/app/blobs/uploads/?mount=${image.digest}&from=${namespace}/${repository}`,
      ),
  }
  for (const [what, attempt] of Object.entries(attempts)) {
    const seen = []
    for (const name of repositories) {
      const [namespace = '', repository = ''] = name.split('/')
      const { status, text } = await attempt(namespace, repository)
      seen.push([what, status, text.replaceAll(name, placeholder)])
    }
    expect(seen).toEqual([seen[0], seen[0], seen[0]])
  }
})

test('the search for people finds nobody by an address, and no robot or team of others', async () => {
  const { server } = await startWithSecret()
  await makeRobot(server, 'acme', 'ci')
  await grant(server, 'acme/secret', 'ada', 'read')
  const find = async (prefix: string, query = '') =>
    (await server.as('stranger')('GET', `/api/v1/entities/${encodeURIComponent(prefix)}${query}`))
      .json
  expect(await find('ada@example.com')).toEqual(await find('nobody@example.com'))
  expect(await find('acme+ci')).toEqual({ results: [] })
  const inside = '?namespace=acme&includeTeams=true&includeOrgs=true'
  for (const prefix of ['own', 'ci', 'acme'])
    expect(await find(prefix, inside)).toEqual(await find(prefix, inside.replace('acme', 'absent')))
})

test('who gives rights in a namespace of their own does not learn which robots others have', async () => {
  const { server } = await startWithSecret()
  await makeRobot(server, 'acme', 'ci')
  const stranger = server.as('stranger')
  const body = { namespace: 'other', repository: 'app', visibility: 'private', description: '' }
  expect((await stranger('POST', '/api/v1/repository', { body })).status).toBe(201)
  const prototypes = '/api/v1/organization/other/prototypes'
  const owner = { name: 'stranger', kind: 'user' }
  const attempts: Record<string, (name: string) => ReturnType<Call>> = {
    delegate: (name) =>
      stranger('POST', prototypes, { body: { role: 'read', delegate: { ...owner, name } } }),
    activates: (name) =>
      stranger('POST', prototypes, {
        body: { role: 'read', delegate: owner, activating_user: { name } },
      }),
  }
  for (const method of ['GET', 'PUT', 'DELETE'])
    for (const path of [
      'repository/other/app/permissions/user/NAME',
      'organization/other/team/owners/members/NAME',
      'organization/other/members/NAME',
      'repository/other/app/permissions/user/NAME/transitive',
      'users/NAME',
    ])
      attempts[`${method} ${path}`] = (name) =>
        stranger(
          method,
          `/api/v1/${path.replace('NAME', encodeURIComponent(name))}`,
          method === 'PUT' ? { body: { role: 'read' } } : {},
        )
  for (const [what, attempt] of Object.entries(attempts)) {
    const seen = []
    for (const name of ['acme+ci', 'acme+no', 'absent+ci']) {
      const { status, text } = await attempt(name)
      seen.push([what, status, text.replaceAll(name, placeholder)])
    }
    expect(seen).toEqual([seen[0], seen[0], seen[0]])
    expect([400, 404, 405]).toContain(seen[0]![1])
  }
})
