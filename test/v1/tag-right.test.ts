import { describe, expect, test } from 'vitest'

import { makeOrganization } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { namesOf, startWithTags } from './tag-fixture.ts'

/** Each change of a tag, with a body that is good. */
const changes = (url: string, digest: string): [string, string, object?][] => [
  ['PUT', `${url}/tag/edge`, { manifest_digest: digest }],
  ['DELETE', `${url}/tag/edge`],
  ['POST', `${url}/tag/edge/restore`, { manifest_digest: digest }],
  ['POST', `${url}/tag/edge/expire`, { is_alive: true }],
]

describe('the rights on tags', () => {
  test('strangers change nothing, and see tags of public repositories only', async () => {
    const { server, owner, url, image } = await startWithTags()
    await server.user('stranger')
    const stranger = server.as('stranger')
    const all = [['GET', `${url}/tag/`] as const, ...changes(url, image.digest)]
    for (const [method, path, body] of all) {
      const options = body && { body }
      expect(await outcome(server.call(method, path, options))).toEqual([401, 'invalid_token'])
      expect(await outcome(stranger(method, path, options))).toEqual([403, 'insufficient_scope'])
    }
    await owner('POST', `${url}/changevisibility`, { body: { visibility: 'public' } })
    expect((await server.call('GET', `${url}/tag/`)).status).toBe(200)
    expect((await stranger('PUT', `${url}/tag/edge`, { body: {} })).status).toBe(403)
  })

  test('a repository that is not there is not found by the owner of its namespace', async () => {
    const { owner, image } = await startWithTags()
    const url = '/api/v1/repository/acme/none'
    for (const [method, path, body] of [
      ['GET', `${url}/tag/`] as const,
      ...changes(url, image.digest),
    ])
      expect(await outcome(owner(method, path, body && { body }))).toEqual([404, 'not_found'])
  })

  test('tags of a repository that is not NORMAL can be read and not be changed', async () => {
    const { server, owner, url, image } = await startWithTags(['edge'], {
      FEATURE_REPO_MIRROR: 'true',
    })
    for (const state of ['READ_ONLY', 'MIRROR']) {
      await owner('PUT', `${url}/changestate`, { body: { state } })
      for (const [method, path, body] of changes(url, image.digest).slice(0, 3))
        expect(await outcome(owner(method, path, body && { body }))).toEqual([
          503,
          'repository_not_normal',
        ])
    }
    expect(await namesOf(server.as('acme'), `${url}/tag/`)).toEqual(['edge'])
    await owner('PUT', `${url}/changestate`, { body: { state: 'NORMAL' } })
    expect((await owner('DELETE', `${url}/tag/edge`)).status).toBe(204)
  })

  test('restricted users change no tags of their own namespace, but those of their teams', async () => {
    const server = await startServer({
      FEATURE_RESTRICTED_USERS: 'true',
      RESTRICTED_USERS_WHITELIST: 'boss',
    })
    await server.user('boss')
    await server.user('bob')
    await makeOrganization(server, 'bureau', { admin: 'bob' })
    const inTeam = await pushedBy(server, 'bob', 'bureau/app')
    const { db } = server.deps
    const bob = await db
      .selectFrom('namespace')
      .select('id')
      .where('name', '=', 'bob')
      .executeTakeFirstOrThrow()
    await db.updateTable('repository').set({ namespace_id: bob.id }).execute()
    const own = '/api/v1/repository/bob/app'
    for (const [method, path, body] of changes(own, inTeam).slice(0, 3)) {
      const answer = await server.as('bob')(method, path, body && { body })
      expect(await outcome(answer)).toEqual([403, 'insufficient_scope'])
      expect(answer.json.detail).toContain('restricted users')
    }
    const second = await pushedBy(server, 'bob', 'bureau/app')
    for (const [method, path, body] of changes('/api/v1/repository/bureau/app', second).slice(0, 3))
      expect((await server.as('bob')(method, path, body && { body })).status).toBeLessThan(300)
  })
})

async function pushedBy(server: TestServer, username: string, fullName: string): Promise<string> {
  const push = await server.registry(username, `repository:${fullName}:pull,push`)
  return (await pushImage(push, fullName, ['edge'])).digest
}
