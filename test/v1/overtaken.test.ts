import { expect, test } from 'vitest'

import { hashPassword } from '#credentials/passwords.ts'
import { removeMember } from '#store/member.ts'
import { lockNamespace } from '#store/namespace.ts'
import { convertToOrganization } from '#store/organization.ts'
import { updatePassword } from '#store/user.ts'
import type { Db } from '#store/db.ts'
import { makeOrganization, withSession, type TestSession } from '#test/support/account.ts'
import { outcome, type Answer } from '#test/support/client.ts'
import { holdOpen, waitForWaiting } from '#test/support/locks.ts'
import { passwordOf, signIn, startServer, type TestServer } from '#test/support/server.ts'

/*
 * A call that the gate has let in, and that waits while another one takes the right away: what it would leave behind
 * must not outlive that.
 */

async function idOf(db: Db, name: string): Promise<number> {
  const { id } = await db
    .selectFrom('namespace')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return id
}

/** Begins a call while a password is being changed, and gives its outcome once that holds. */
async function overtakenByPassword(server: TestServer, name: string, begin: () => Promise<Answer>) {
  const { db } = server.deps
  const id = await idOf(db, name)
  const hash = await hashPassword('what-the-owner-chose')
  const change = await holdOpen(db, (tx) => updatePassword(tx, id, hash))
  const begun = outcome(begin())
  await waitForWaiting(db, 1)
  await change.commit()
  return begun
}

/** `acme` of `ada` with an application; and a session of `ada`'s that somebody else holds. */
async function startWithThief() {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  await server.user('eve')
  await ada('PUT', '/api/v1/organization/acme/team/owners/members/eve')
  const redirect_uri = 'https://app.test/done'
  const applications = '/api/v1/organization/acme/applications'
  const made = await ada('POST', applications, { body: { name: 'board', redirect_uri } })
  const session = await signIn(server.call, 'ada')
  const clientId = made.json.client_id as string
  return { server, thief: withSession(server, session), session, applications, clientId }
}

type Theft = Awaited<ReturnType<typeof startWithThief>>

const consent = (
  { server, clientId }: Theft,
  session: TestSession,
  responseType: 'code' | 'token',
) => {
  const form = {
    client_id: clientId,
    redirect_uri: 'https://app.test/done',
    response_type: responseType,
    scope: 'user:admin',
    _csrf_token: session.csrfToken,
  }
  const type = 'application/x-www-form-urlencoded'
  const headers = { cookie: session.cookie, 'content-type': type }
  const body = new URLSearchParams(form).toString()
  return server.call('POST', '/oauth/authorizeapp', { headers, body })
}

const thefts: Record<string, (theft: Theft) => Promise<Answer>> = {
  'another password': ({ thief }) =>
    thief('PUT', '/api/v1/user/', { body: { password: 'what-the-thief-chose' } }),
  'an app token': ({ thief }) =>
    thief('POST', '/api/v1/user/apptoken', { body: { title: 'door' } }),
  'an OAuth token': ({ thief, applications, clientId }) =>
    thief('POST', `${applications}/${clientId}/tokens`, {
      body: { name: 'door', scope: 'org:admin' },
    }),
  'a code': (theft) => consent(theft, theft.session, 'code'),
  'a token of the implicit flow': (theft) => consent(theft, theft.session, 'token'),
  'the end of the account': ({ thief }) => thief('DELETE', '/api/v1/user/'),
}

test.for(Object.entries(thefts))(
  'a password that is changed comes before %s, which was asked for a moment earlier',
  async ([, steal]) => {
    const theft = await startWithThief()
    const { server } = theft
    const seen = await overtakenByPassword(server, 'ada', () => steal(theft))
    expect(seen).toEqual([401, 'invalid_token'])
    await expect(signIn(server.call, 'ada', 'what-the-owner-chose')).resolves.toBeDefined()
    for (const table of ['app_token', 'oauth_token', 'oauth_code'] as const)
      expect(await server.deps.db.selectFrom(table).selectAll().execute()).toEqual([])
  },
)

test('who is taken out of an organization while making a repository gets none, by either face', async () => {
  const server = await startServer()
  const { db } = server.deps
  await server.user('ada')
  const { id: userId, call: bob } = await server.user('bob')
  await makeOrganization(server, 'acme', { admin: 'ada', creator: 'bob' })
  const push = await server.registry('bob', 'repository:acme/pushed:pull,push')
  await bob('GET', '/api/v1/user/')
  const namespaceId = await idOf(db, 'acme')
  const removal = await holdOpen(db, async (tx) => {
    await lockNamespace(tx, namespaceId)
    await removeMember(tx, { namespaceId, userId })
  })
  const body = { namespace: 'acme', repository: 'made', visibility: 'private', description: '' }
  const making = [
    outcome(bob('POST', '/api/v1/repository', { body })),
    outcome(push('POST', '/v2/acme/pushed/blobs/uploads/')),
  ]
  await waitForWaiting(db, 2)
  await removal.commit()
  expect(await Promise.all(making)).toEqual([
    [403, 'denied'],
    [403, 'DENIED'],
  ])
  expect(await db.selectFrom('repository').selectAll().execute()).toEqual([])
})

test('nothing is given to a user who is turning into an organization', async () => {
  const server = await startServer()
  const { db } = server.deps
  const { call: ada, id: ownerId } = await server.user('ada')
  await server.user('bob')
  await server.user('cy')
  const bob = server.as('bob')
  const cy = server.as('cy')
  for (const call of [ada, bob, cy]) await call('GET', '/api/v1/user/')
  await server.repository('ada/app')
  const userId = await idOf(db, 'bob')
  const conversion = await holdOpen(db, async (tx) => {
    await lockNamespace(tx, userId)
    await convertToOrganization(tx, { userId, ownerId })
  })
  const permission = '/api/v1/repository/ada/app/permissions/user/bob'
  const overtaken = [
    outcome(ada('PUT', permission, { body: { role: 'read' } })),
    outcome(bob('POST', '/api/v1/organization/', { body: { name: 'orphan' } })),
    outcome(
      cy('POST', '/api/v1/user/convert', {
        body: { adminUser: 'bob', adminPassword: passwordOf('bob') },
      }),
    ),
  ]
  await waitForWaiting(db, 3)
  await conversion.commit()
  expect(await Promise.all(overtaken)).toEqual([
    [400, 'invalid_request'],
    [401, 'invalid_token'],
    [400, 'invalid_request'],
  ])
})
