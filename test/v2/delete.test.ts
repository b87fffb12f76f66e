import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { imageIndexType } from '#domain/manifest.ts'
import type { Db } from '#store/db.ts'
import { outcome } from '#test/support/client.ts'
import { makeIndex, pushImage, pushManifest } from '#test/support/image.ts'
import { holdOpen, waitForWaiting } from '#test/support/locks.ts'
import { newOwner, shareServer } from '#test/support/shared.ts'

const shared = shareServer()

test('deleting a tag leaves the manifest and its other tags', async () => {
  const { push, path, fullName } = await newOwner(shared())
  const image = await pushImage(push, fullName, ['v1', 'latest'])
  expect(await outcome(push('DELETE', `${path}/manifests/v1`))).toEqual([202])
  for (const method of ['GET', 'DELETE'])
    expect(await outcome(push(method, `${path}/manifests/v1`))).toEqual([404, 'MANIFEST_UNKNOWN'])
  expect(await outcome(push('HEAD', `${path}/manifests/v1`))).toEqual([404])
  expect((await push('GET', `${path}/tags/list`)).json.tags).toEqual(['latest'])
  for (const reference of ['latest', image.digest])
    expect(await outcome(push('GET', `${path}/manifests/${reference}`))).toEqual([200])
})

test('deleting a manifest takes all its tags with it, and no others', async () => {
  const { push, path, fullName } = await newOwner(shared())
  const image = await pushImage(push, fullName, ['v1', 'latest'])
  await pushImage(push, fullName, ['other'])
  expect(await outcome(push('DELETE', `${path}/manifests/${image.digest}`))).toEqual([202])
  for (const reference of ['v1', 'latest', image.digest])
    expect(await outcome(push('GET', `${path}/manifests/${reference}`))).toEqual([
      404,
      'MANIFEST_UNKNOWN',
    ])
  expect((await push('GET', `${path}/tags/list`)).json.tags).toEqual(['other'])
  expect(await outcome(push('DELETE', `${path}/manifests/${image.digest}`))).toEqual([
    404,
    'MANIFEST_UNKNOWN',
  ])
  await pushImage(push, fullName, ['v1'], image)
  expect(await outcome(push('GET', `${path}/manifests/v1`))).toEqual([200])
  expect(await outcome(push('GET', `${path}/manifests/latest`))).toEqual([404, 'MANIFEST_UNKNOWN'])
})

test('a tag that had expired before its manifest was deleted is not told of in the audit log', async () => {
  const server = shared()
  const { push, path, fullName } = await newOwner(server)
  const image = await pushImage(push, fullName, ['old', 'v1', 'v2'])
  const expired = {
    expires_at: new Date(Date.now() - 1000),
    started_at: new Date(Date.now() - 2000),
  }
  const { db } = server.deps
  const oldTag = db.updateTable('tag').set(expired).where('name', '=', 'old')
  await oldTag
    .where(
      'manifest_id',
      'in',
      db.selectFrom('manifest').select('id').where('digest', '=', image.digest),
    )
    .execute()
  expect(await outcome(push('DELETE', `${path}/manifests/${image.digest}`))).toEqual([202])
  const deleted = (await server.logs(fullName)).filter(({ kind }) => kind === 'delete_tag')
  expect(deleted.map(({ metadata }) => metadata['tag'])).toEqual(['v1', 'v2'])
})

test('a deletion takes the locks of its tags by name, as a push does', async () => {
  const server = shared()
  const { push, path, fullName } = await newOwner(server)
  const { digest } = await pushImage(push, fullName, ['b', 'a'])
  const { db } = server.deps
  const rowOf = (tx: Db, name: string) => tagsOf(tx, digest).where('name', '=', name).forUpdate()
  const held = await holdOpen(db, (tx) => rowOf(tx, 'a').execute())
  const deleted = push('DELETE', `${path}/manifests/${digest}`)
  await waitForWaiting(db, 1)
  expect(await rowOf(db, 'b').noWait().execute()).toHaveLength(1)
  await held.commit()
  expect((await deleted).status).toBe(202)
})

test('a manifest goes with more tags than the database has room for locks', async () => {
  const server = shared()
  const { push, path, fullName } = await newOwner(server)
  const { digest } = await pushImage(push, fullName, ['build'])
  const { db } = server.deps
  await sql`
    insert into tag (repository_id, name, manifest_id, started_at)
    select repository_id, name || '-' || number, manifest_id, started_at
    from tag, generate_series(1, 20000) number
    where manifest_id in (select id from manifest where digest = ${digest})`.execute(db)
  expect(await outcome(push('DELETE', `${path}/manifests/${digest}`))).toEqual([202])
  expect(await tagsOf(db, digest).where('ended_at', 'is', null).execute()).toEqual([])
})

function tagsOf(db: Db, digest: string) {
  const manifests = db.selectFrom('manifest').select('id').where('digest', '=', digest)
  return db.selectFrom('tag').select('id').where('manifest_id', 'in', manifests)
}

test('what was deleted stays in the history of its tag', async () => {
  const server = shared()
  const { push, path, fullName, name } = await newOwner(server)
  const image = await pushImage(push, fullName, ['v1', 'v2'])
  const second = await pushImage(push, fullName, ['v1'])
  await push('DELETE', `${path}/manifests/v1`)
  await push('DELETE', `${path}/manifests/${image.digest}`)
  const { json } = await server.as(name)('GET', `/api/v1/repository/${fullName}/tag/`)
  const lives = json.tags.map((tag: Record<string, unknown>) => [
    tag['name'],
    tag['manifest_digest'],
    typeof tag['end_ts'],
  ])
  expect(lives).toHaveLength(3)
  expect(lives).toEqual(
    expect.arrayContaining([
      ['v1', image.digest, 'number'],
      ['v1', second.digest, 'number'],
      ['v2', image.digest, 'number'],
    ]),
  )
})

test('an index goes without its manifests, and they can go before it', async () => {
  const { push, path, fullName } = await newOwner(shared())
  const [first, second] = [await pushImage(push, fullName, []), await pushImage(push, fullName, [])]
  const index = makeIndex([first, second])
  const digest = await pushManifest(push, fullName, 'all', index, imageIndexType)
  expect(await outcome(push('DELETE', `${path}/manifests/${first.digest}`))).toEqual([202])
  expect(await outcome(push('GET', `${path}/manifests/all`))).toEqual([200])
  expect(await outcome(push('DELETE', `${path}/manifests/${digest}`))).toEqual([202])
  expect(await outcome(push('GET', `${path}/manifests/${second.digest}`))).toEqual([200])
})

test('a delete token deletes and does nothing else; a push token deletes too, a pull token does not', async () => {
  const server = shared()
  const { push, path, fullName, name } = await newOwner(server)
  const image = await pushImage(push, fullName, ['v1'])
  const puller = await server.registry(name, `repository:${fullName}:pull`)
  const pusher = await server.registry(name, `repository:${fullName}:push`)
  const deleter = await server.registry(name, `repository:${fullName}:delete`)
  expect(await outcome(puller('DELETE', `${path}/manifests/v1`))).toEqual([401, 'UNAUTHORIZED'])
  expect(await outcome(pusher('DELETE', `${path}/manifests/v1`))).toEqual([202])
  expect(await outcome(deleter('GET', `${path}/manifests/v1`))).toEqual([401, 'UNAUTHORIZED'])
  expect(await outcome(deleter('POST', `${path}/blobs/uploads/`))).toEqual([401, 'UNAUTHORIZED'])
  expect(await outcome(deleter('DELETE', `${path}/manifests/${image.digest}`))).toEqual([202])
  const everything = await server.registry(name, `repository:${fullName}:*`)
  await pushImage(everything, fullName, ['v2'])
  expect(await outcome(everything('DELETE', `${path}/manifests/v2`))).toEqual([202])
})

test('an audit row tells of each tag that was pushed and deleted', async () => {
  const server = shared()
  const { push, path, fullName } = await newOwner(server)
  const image = await pushImage(push, fullName, ['v1', 'v2'])
  await push('DELETE', `${path}/manifests/v1`)
  await push('DELETE', `${path}/manifests/${image.digest}`)
  const rows = (await server.logs(fullName)).map(({ kind, metadata }) => [kind, metadata['tag']])
  expect(rows).toEqual([
    ['create_repo', undefined],
    ['push_repo', 'v1'],
    ['push_repo', 'v2'],
    ['delete_tag', 'v1'],
    ['delete_tag', 'v2'],
  ])
})
