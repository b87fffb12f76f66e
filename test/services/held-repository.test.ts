import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { markRepositoryForDeletion } from '#store/repository.ts'
import { outcome, type Answer, type Call } from '#test/support/client.ts'
import { pushBlob } from '#test/support/image.ts'
import { holdOpen, waitForWaiting } from '#test/support/locks.ts'
import { startServer } from '#test/support/server.ts'

const blob = Buffer.from('a blob that no manifest names')
const v1Tag = '/api/v1/repository/ada/app/tag/latest'

test.for([
  ['deleteTag', 404, 'not_found', (owner: Call) => owner('DELETE', v1Tag)],
  [
    'forgetTagHistory',
    404,
    'not_found',
    (owner: Call) => owner('POST', `${v1Tag}/expire`, { body: { is_alive: true } }),
  ],
  [
    'deleteBlob',
    404,
    'NAME_UNKNOWN',
    (_: Call, push: Call) => push('DELETE', `/v2/ada/app/blobs/${digestOf(blob)}`),
  ],
] as const)(
  '%s waits for a deletion of the repository that came first, and is refused',
  async ([, status, code, act]) => {
    const server = await startServer({ PERMANENTLY_DELETE_TAGS: 'true' })
    const { call } = await server.user('ada')
    await server.repository('ada/app')
    const push = await server.registry('ada', 'repository:ada/app:pull,push,delete')
    await pushBlob(push, 'ada/app', blob)
    await call('GET', v1Tag.replace('/tag/latest', ''))
    const { db } = server.deps
    const { id } = await db.selectFrom('repository').select('id').executeTakeFirstOrThrow()

    const deletion = await holdOpen(db, (tx) => markRepositoryForDeletion(tx, id))
    const answer: Promise<Answer> = act(call, push)
    await Promise.race([waitForWaiting(db, 1), answer])
    await deletion.commit()
    expect(await outcome(answer)).toEqual([status, code])
  },
)
