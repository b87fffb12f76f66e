import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { digestOf, type Digest } from '#domain/digest.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { makeDataDirectory } from '#test/postgres/program.ts'
import { portolan } from '#test/faults/process.ts'
import { createDatabase } from '#test/support/database.ts'
import { pushBlob, pushImage } from '#test/support/image.ts'
import { startServer } from '#test/support/server.ts'

const octetStream = { 'content-type': 'application/octet-stream' }

/** A server on files and a database that commands can use beside it. */
async function start() {
  const dataDirectory = await makeDataDirectory()
  const root = join(dataDirectory, 'storage')
  const database = await createDatabase()
  onTestFinished(database.drop)
  const server = await startServer({}, { blobs: await openFilesystemDriver(root), database })
  await server.user('ada')
  const push = await server.registry('ada', 'repository:ada/app:pull,push,delete')
  const environment = {
    DATA_DIR: dataDirectory,
    DATABASE_URL: database.connectionString,
    SECRET_KEY: 'a secret key that only tests use',
  }
  const pathOf = (digest: Digest) => {
    const hex = digest.slice('sha256:'.length)
    return join(root, 'blobs/sha256', hex.slice(0, 2), hex)
  }
  return {
    ...server,
    root,
    push,
    pathOf,
    fsck: (...words: string[]) => portolan(['fsck', ...words], environment),
    cleanUp: (...words: string[]) => portolan(['clean-up', ...words], environment),
  }
}

test('fsck of a clean store says what it has looked at, and ends with 0', async () => {
  const { push, fsck } = await start()
  await pushImage(push, 'ada/app', ['v1', 'v2'])
  await push('POST', '/v2/ada/app/blobs/uploads/')
  expect(await fsck()).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      /^clean: 2 blobs \(\d+ bytes\), 1 uploads, 1 manifests, 2 tags\n$/,
    ),
    lines: [],
  })
  const deep = await fsck('--deep')
  expect([deep.code, deep.stdout]).toEqual([
    0,
    expect.stringMatching(/^clean: .*; all bytes were read\n$/),
  ])
})

test('fsck names everything that is wrong, one line each, and ends with 1', async () => {
  const { root, push, pathOf, fsck, deps } = await start()
  const { db } = deps
  const image = await pushImage(push, 'ada/app', ['v1', 'gone'])
  const [missing, short, orphan] = [await blob(), await blob(), await blob()]
  await rm(pathOf(missing))
  await truncate(pathOf(short), 10)
  await db
    .deleteFrom('repository_blob')
    .where('blob_id', '=', await idOf(orphan))
    .execute()
  await db.deleteFrom('blob').where('digest', '=', orphan).execute()
  const upload = await push('POST', '/v2/ada/app/blobs/uploads/')
  const location = upload.headers.get('location')!
  await push('PATCH', location, { headers: octetStream, body: randomBytes(100) })
  const id = location.split('/').at(-1)!
  await rm(join(root, 'uploads', `${id}-0`))
  const stray = `${randomUUID()}-0`
  await writeFile(join(root, 'uploads', stray), 'stray')
  const layer = JSON.parse(image.manifest.toString()).layers[0].digest as Digest
  await db
    .deleteFrom('repository_blob')
    .where('blob_id', '=', await idOf(layer))
    .execute()
  await db.updateTable('manifest').set({ deleted_at: new Date() }).execute()

  const { code, stdout, lines } = await fsck()
  expect(stdout.trimEnd().split('\n').toSorted()).toEqual(
    [
      `missing bytes: ${missing} (1000 bytes), held by ada/app`,
      `wrong size: ${short} has 10 bytes instead of 1000, held by ada/app`,
      `orphaned bytes: no row names ${orphan} (1000 bytes)`,
      `missing bytes: upload ${id} has fewer than the 100 bytes that it was told to have`,
      `orphaned bytes: no row names upload ${stray} (5 bytes)`,
      `dangling tag: ada/app:v1 points at ${image.digest}, which the repository does not hold`,
      `dangling tag: ada/app:gone points at ${image.digest}, which the repository does not hold`,
    ].toSorted(),
  )
  expect([code, lines]).toEqual([1, ['portolan: 7 things are wrong']])

  await db.updateTable('manifest').set({ deleted_at: null }).execute()
  expect((await fsck()).stdout).toContain(
    `missing blob: manifest ${image.digest} of ada/app names ${layer}, which the repository does not hold\n`,
  )

  function blob() {
    return pushBlob(push, 'ada/app', randomBytes(1000))
  }
  async function idOf(digest: Digest) {
    const rows = await db.selectFrom('blob').select('id').where('digest', '=', digest).execute()
    return rows[0]!.id
  }
})

test('fsck --deep finds bytes that are others, in files and in the database', async () => {
  const { push, pathOf, fsck, deps } = await start()
  const image = await pushImage(push, 'ada/app', ['v1'])
  const config = digestOf(image.config)
  await writeFile(pathOf(config), Buffer.alloc(image.config.length, 'x'))
  await deps.db
    .updateTable('manifest')
    .set({ content: Buffer.from('{}') })
    .execute()
  expect((await fsck()).code).toBe(0)
  const found = digestOf(Buffer.alloc(image.config.length, 'x'))
  expect(await fsck('--deep')).toEqual({
    code: 1,
    stdout: [
      `wrong digest: the bytes of ${config} have the digest ${found}, held by ada/app`,
      `wrong digest: the bytes of manifest ${image.digest} of ada/app have the digest ${digestOf(Buffer.from('{}'))}`,
      '',
    ].join('\n'),
    lines: ['portolan: 2 things are wrong'],
  })
})

test('fsck says which blobs are marked as damaged until somebody pushes them again', async () => {
  const { push, fsck, deps } = await start()
  const bytes = randomBytes(1000)
  const digest = await pushBlob(push, 'ada/app', bytes)
  await deps.db
    .updateTable('blob')
    .set({ damaged_at: new Date(0) })
    .execute()
  expect((await fsck()).stdout).toBe(
    `damaged: the bytes of ${digest} were bad on 1970-01-01T00:00:00.000Z: push it again, held by ada/app\n`,
  )
  await pushBlob(push, 'ada/app', bytes)
  expect((await fsck()).code).toBe(0)
})

test(
  'fsck and clean-up beside clients at work find nothing wrong and do no harm',
  { timeout: 120_000 },
  async () => {
    const { push, fsck, cleanUp, registry } = await start()
    const until = new AbortController()
    const pushed: [name: string, digest: Digest][] = []
    const working = ['a', 'b', 'c'].map(async (name) => {
      const own = await registry('ada', `repository:ada/${name}:pull,push,delete`)
      while (!until.signal.aborted) {
        pushed.push([name, await pushBlob(own, `ada/${name}`, randomBytes(50_000))])
        const started = await own('POST', `/v2/ada/${name}/blobs/uploads/`)
        const location = started.headers.get('location')!
        await own('PATCH', location, { headers: octetStream, body: randomBytes(50_000) })
        await own('DELETE', location)
      }
    })
    const results = []
    for (let turn = 0; turn < 2; turn += 1) {
      results.push(await cleanUp('--grace', '0s'))
      results.push(await fsck('--deep'))
    }
    until.abort()
    await Promise.all(working)
    expect(results.filter(({ code }) => code !== 0)).toEqual([])
    const reader = await registry(
      'ada',
      ...['a', 'b', 'c'].map((name) => `repository:ada/${name}:pull`),
    )
    for (const [name, digest] of pushed)
      expect((await reader('GET', `/v2/ada/${name}/blobs/${digest}`)).status).toBe(200)
    expect((await push('GET', '/v2/')).status).toBe(200)
  },
)

test('clean-up removes bytes that no row names once they are old enough', async () => {
  const { root, push, fsck, cleanUp } = await start()
  await pushImage(push, 'ada/app', ['v1'])
  const bytes = randomBytes(1000)
  const hex = digestOf(bytes).slice('sha256:'.length)
  const folder = join(root, 'blobs/sha256', hex.slice(0, 2))
  await mkdir(folder, { recursive: true })
  await writeFile(join(root, 'orphan'), bytes)
  await rename(join(root, 'orphan'), join(folder, hex))
  await writeFile(join(root, 'uploads', `${randomUUID()}-3`), 'stray')

  expect((await cleanUp()).stdout).toBe(
    'removed: 0 expired uploads, bytes of 0 unknown uploads and 0 unknown blobs, 0 accounts that nobody confirmed\n',
  )
  expect((await fsck()).code).toBe(1)
  expect((await cleanUp('--grace', '0s')).stdout).toBe(
    'removed: 0 expired uploads, bytes of 1 unknown uploads and 1 unknown blobs, 0 accounts that nobody confirmed\n',
  )
  expect((await fsck('--deep')).code).toBe(0)
})

test('clean-up refuses a grace that is no time', async () => {
  const { code, lines } = await portolan(['clean-up', '--grace', 'soon'], {})
  expect([code, lines]).toEqual([
    2,
    ['portolan: --grace is a number and s, m, h, d or w, such as 90s, 2h or 4w'],
  ])
})
