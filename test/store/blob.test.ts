import { expect, test } from 'vitest'

import { holdBlobs, insertBlob } from '#store/blob.ts'
import { pushBlob } from '#test/support/image.ts'
import { holdOpen, waitForWaiting } from '#test/support/locks.ts'
import { startServer } from '#test/support/server.ts'

/** A repository that holds a blob. */
async function startWithBlob() {
  const server = await startServer()
  await server.user('ada')
  const push = await server.registry('ada', 'repository:ada/app:pull,push,delete')
  const digest = await pushBlob(push, 'ada/app', Buffer.from('layer'))
  const { db } = server.deps
  const { repository_id: repositoryId } = await db
    .selectFrom('repository_blob')
    .select('repository_id')
    .executeTakeFirstOrThrow()
  return { db, push, digest, repositoryId }
}

test('a push of a blob does not wait for the manifests that name it, and a delete does', async () => {
  const { db, push, digest, repositoryId } = await startWithBlob()
  const held = await holdOpen(db, (tx) => holdBlobs(tx, { repositoryId, digests: [digest] }))
  expect(await pushBlob(push, 'ada/app', Buffer.from('layer'))).toBe(digest)
  expect(await pushBlob(push, 'ada/app', Buffer.from('layer'))).toBe(digest)
  const deleted = push('DELETE', `/v2/ada/app/blobs/${digest}`)
  await waitForWaiting(db, 1)
  await held.commit()
  expect((await deleted).status).toBe(202)
})

test('a manifest that holds a blob and a push that renews it do not wait for each other in a circle', async () => {
  const { db, digest, repositoryId } = await startWithBlob()
  const at = new Date()

  const held = await holdOpen(db, (tx) =>
    tx.selectFrom('repository_blob').select('blob_id').forUpdate().execute(),
  )
  const holding = db
    .transaction()
    .execute((tx) => holdBlobs(tx, { repositoryId, digests: [digest] }))
  await waitForWaiting(db, 1)
  const renewing = db
    .transaction()
    .execute((tx) => insertBlob(tx, { repositoryId, digest, sizeBytes: 5, leasedUntil: at, at }))
  await waitForWaiting(db, 2)
  await held.commit()
  expect([(await holding).has(digest), await renewing]).toEqual([true, true])
})
