// `git clone … && npm start` and nothing before it, by this machine's own Node, as root and as an ordinary user.
import assert from 'node:assert/strict'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { check, inSeconds, measured } from './check.ts'
import { must, root, run } from './command.ts'
import { describeMemory, memoryBelow } from './memory.ts'
import { makeFolder, startServer, type Server } from './npm-server.ts'

/** The first start installs all packages. */
const firstMs = 600_000
const idleMs = 5_000
const port = 18_100
const ordinary = { user: 'nobody', group: 'nogroup' }
const asOrdinary = [
  'setpriv',
  `--reuid=${ordinary.user}`,
  `--regid=${ordinary.group}`,
  '--clear-groups',
]

await check('this is tried with an old Node outside', async () => {
  const version = await must(['node', '--version'])
  console.log(`    node ${version.trim()}, npm ${(await must(['npm', '--version'])).trim()}`)
})
await tryClone('root', {})
await tryClone('an ordinary user', { prefix: asOrdinary })

/** Two starts in a clone of its own, whose data directory is the default one. */
async function tryClone(who: string, { prefix = [] }: { prefix?: string[] }) {
  const folder = await makeFolder('clone')
  const isRoot = prefix.length === 0
  await must(['git', 'clone', '--quiet', root, join(folder, 'portolan')])
  const environment = isRoot ? {} : await surroundingsOf(folder)
  const clone = join(folder, 'portolan')
  const options = { folder: clone, prefix, port, environment, dataDirectory: join(clone, 'data') }
  let first: Server | undefined
  await check(`npm start in a fresh clone serves, as ${who}`, async () => {
    first = await startServer({ ...options, timeoutMs: firstMs })
    measured(`first start as ${who}, installing packages`, inSeconds(first.startMs))
    assert.match(first.output(), /Portolan is ready: http:\/\/localhost:18100/)
    assert.match(first.output(), /Make the first one, a superuser, with/)
  })
  if (first)
    await check(`SIGTERM ends it with 0, as ${who}`, async () =>
      assert.equal(await first!.stop(), 0),
    )
  await check(`a second start is quick, as ${who}`, async () => {
    const second = await startServer(options)
    try {
      measured(`second start as ${who}`, inSeconds(second.startMs))
      if (isRoot) await measureMemory(second)
      await checkOwner(second, isRoot ? 'root' : ordinary.user)
    } finally {
      await second.stop()
    }
    assert.ok(second.startMs < 10_000, `it took ${inSeconds(second.startMs)}`)
  })
  await rm(folder, { recursive: true })
}

/** A home for somebody who has none, with a copy of npm's cache: what is in it needs not be fetched again. */
async function surroundingsOf(folder: string): Promise<Record<string, string>> {
  const cache = (await must(['npm', 'config', 'get', 'cache'])).trim()
  const registry = (await must(['npm', 'config', 'get', 'registry'])).trim()
  await cp(join(cache, '_cacache'), join(folder, '.npm', '_cacache'), { recursive: true })
  await must(['chown', '-R', `${ordinary.user}:${ordinary.group}`, folder])
  return {
    HOME: folder,
    USER: ordinary.user,
    npm_config_cache: join(folder, '.npm'),
    npm_config_registry: registry,
  }
}

async function measureMemory({ pid }: Server) {
  await sleep(idleMs)
  const parts = {
    'node (the registry)': /\/main\.ts serve/,
    'node and npm before it': /launch\.mjs|^npm/,
    PostgreSQL: /postgres/,
  }
  for (const [name, pattern] of Object.entries(parts))
    measured(`idle memory of ${name}`, describeMemory(await memoryBelow(pid, pattern)))
}

/** The registry's own process runs under the user who started it. */
async function checkOwner({ dataDirectory }: Server, user: string) {
  const pid = (await readFile(join(dataDirectory, 'lock.pid'), 'utf8')).trim()
  const { stdout } = await run(['stat', '-c', '%U', `/proc/${pid}`])
  assert.equal(stdout.trim(), user)
}
