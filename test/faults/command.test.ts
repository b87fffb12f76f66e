import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { connect } from '#store/db.ts'
import { passwordOf } from '#test/support/server.ts'
import {
  asUser,
  findFreePort,
  outsideDatabase,
  portolan,
  prepareUsedDirectory,
  startRegistry,
} from './process.ts'

const usedDirectory = prepareUsedDirectory()

const createAda = ['user', 'create', 'ada', '--email', 'ada@example.com', '--password-stdin']
const password = `${passwordOf('ada')}\n`

test('a second registry on the same data is refused with a sentence that names the first', async () => {
  const dataDirectory = await usedDirectory.make()
  const settings = { DATA_DIR: dataDirectory, TMPDIR: dataDirectory }
  const first = await startRegistry(settings)
  const second = await portolan(['serve'], { ...settings, PORT: String(await findFreePort()) })
  expect(second).toEqual({
    code: 1,
    stdout: '',
    lines: [`portolan: ${dataDirectory} is in use by another registry, process ${first.pid}`],
  })
  expect((await first.call('GET', '/health/endtoend')).status).toBe(200)
})

test('commands work beside a running registry: accounts are there at once', async () => {
  const dataDirectory = await usedDirectory.make()
  const settings = { DATA_DIR: dataDirectory, TMPDIR: dataDirectory }
  const registry = await startRegistry(settings)
  expect(await portolan(createAda, settings, password)).toEqual({
    code: 0,
    stdout: 'user ada is created\n',
    lines: [],
  })
  const call = await asUser(registry, 'ada', 'registry:catalog:*')
  expect((await call('GET', '/v2/_catalog')).json).toEqual({ repositories: [] })

  const again = await portolan(createAda, settings, passwordOf('ada'))
  expect([again.code, again.lines.length]).toEqual([1, 1])
  expect(await portolan(['migrate'], settings)).toEqual({
    code: 0,
    stdout: 'the database is up to date\n',
    lines: [],
  })
})

test('a port that is taken is one clear line, and nothing is left running', async () => {
  const { port } = await startRegistry(await outsideDatabase())
  const second = await portolan(['serve'], { ...(await outsideDatabase()), PORT: String(port) })
  expect([second.code, second.lines]).toEqual([
    1,
    [`portolan: port ${port} of 127.0.0.1 is taken by another program: set PORT to a free one`],
  ])
})

/** Does something in a database that no registry of this version has made so. */
async function alter(settings: Record<string, string>, statement: string): Promise<void> {
  const { db, close } = connect({ connectionString: settings['DATABASE_URL']!, maxConnections: 1 })
  await sql.raw(statement).execute(db)
  await close()
}

test('user create makes a new database ready, and says so', async () => {
  const settings = await outsideDatabase()
  await alter(settings, 'drop schema graphile_worker cascade')
  await alter(settings, 'drop schema public cascade')
  await alter(settings, 'create schema public')
  const { code, stdout, lines } = await portolan(createAda, settings, password)
  expect([code, stdout]).toEqual([0, 'user ada is created\n'])
  expect(lines).toEqual([
    expect.stringMatching(/^portolan: the database is new: \d+ migrations applied$/),
  ])
})

test('user create leaves an older database as it is, and says how to bring it up to date', async () => {
  const settings = await outsideDatabase()
  await alter(settings, `delete from kysely_migration where name > '0001-registry'`)
  const { code, stdout, lines } = await portolan(createAda, settings, password)
  expect([code, stdout]).toEqual([1, ''])
  expect(lines).toEqual([
    expect.stringMatching(/^portolan: the database lacks 0002-.*: run npm run portolan -- migrate/),
  ])
})

test.for([[createAda], [['serve']], [['migrate']], [['fsck']]])(
  '%j refuses a database of a newer version',
  async ([command]) => {
    const settings = await outsideDatabase()
    await alter(
      settings,
      `insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01T00:00:00Z')`,
    )
    expect(await portolan(command!, settings, password)).toEqual({
      code: 1,
      stdout: '',
      lines: [
        'portolan: the database belongs to a newer version of the registry, which has made 9999-later: run that one',
      ],
    })
  },
)
