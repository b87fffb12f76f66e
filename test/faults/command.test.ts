import { expect, test } from 'vitest'

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
  const create = ['user', 'create', 'ada', '--email', 'ada@example.com', '--password-stdin']
  expect(await portolan(create, settings, `${passwordOf('ada')}\n`)).toEqual({
    code: 0,
    stdout: 'user ada is created\n',
    lines: [],
  })
  const call = await asUser(registry, 'ada', 'registry:catalog:*')
  expect((await call('GET', '/v2/_catalog')).json).toEqual({ repositories: [] })

  const again = await portolan(create, settings, passwordOf('ada'))
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
