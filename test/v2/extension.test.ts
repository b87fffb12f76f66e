import { expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { newOwner, shareServer } from '#test/support/shared.ts'

const shared = shareServer()

test('who may pull gets the list of the extensions of a repository, which is empty', async () => {
  const { push, path, fullName } = await newOwner(shared())
  await pushImage(push, fullName, ['v1'])
  const { status, json } = await push('GET', `${path}/_oci/ext/discover`)
  expect([status, json]).toEqual([200, { extensions: [] }])
})

test('who may not pull is asked for a token with the scope of the repository', async () => {
  const server = shared()
  const { push, path, fullName } = await newOwner(server)
  await pushImage(push, fullName, ['v1'])
  const stranger = await newOwner(server)
  for (const call of [server.call, stranger.push]) {
    const answer = await call('GET', `${path}/_oci/ext/discover`)
    expect(await outcome(answer)).toEqual([401, 'UNAUTHORIZED'])
    expect(answer.headers.get('www-authenticate')).toContain(`scope="repository:${fullName}:pull"`)
  }
})

test('a repository that is missing has no extensions, and its owner is told so', async () => {
  const { push, path } = await newOwner(shared())
  expect(await outcome(push('GET', `${path}/_oci/ext/discover`))).toEqual([404, 'NAME_UNKNOWN'])
})
