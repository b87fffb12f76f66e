// A PostgreSQL of Debian's in place of the private one: DATABASE_URL and SECRET_KEY.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { check, inSeconds, measured } from './check.ts'
import { must, mustFail, type Surroundings } from './command.ts'
import { createUser, initializeUser, makeFolder, startServer, type Server } from './npm-server.ts'
import { writeLayout } from './oci-layout.ts'
import { startOutsidePostgres } from './outside-postgres/cluster.ts'

const port = 18_103
const password = 'password'
const folder = await makeFolder('outside')
const postgres = await startOutsidePostgres()
const environment = { DATABASE_URL: postgres.url, SECRET_KEY: 'a secret key of sixteen or more' }
const options = { port, environment, dataDirectory: join(folder, 'data') }
const nobody: Surroundings = { environment: { DOCKER_CONFIG: folder } }
const crane = async (...words: string[]) =>
  (await must(['crane', '--insecure', ...words], nobody)).trim()
const image = `localhost:${port}/admin/kept:multi`
console.log(`    ${postgres.version}`)

let server: Server | undefined
try {
  await check('without SECRET_KEY it is refused', () =>
    mustFail(['npm', 'run', '--silent', 'portolan', '--', 'serve'], /SECRET_KEY/, {
      environment: { DATABASE_URL: postgres.url, PORT: String(port) },
    }),
  )
  server = await startServer(options)
  const layout = await writeLayout(join(folder, 'there'), 'multi')
  await check('accounts, login and push work', async () => {
    await initializeUser(server!, 'admin', password)
    await createUser(server!, 'username', password, environment)
    await crane('auth', 'login', server!.host, '--username', 'admin', '--password', password)
    await crane('push', layout.folder, image)
  })
  await check('after a restart everything is there', async () => {
    assert.equal(await server!.stop(), 0)
    server = await startServer(options)
    measured('start with an outside PostgreSQL', inSeconds(server.startMs))
    assert.equal(await crane('digest', image), layout.digest)
    await crane('validate', '--remote', image)
  })
  await check('a database that is gone gives 503 with a reason, and heals', async () => {
    await postgres.stop()
    const response = await ask('/v2/auth?service=x', { Authorization: basic('admin', password) })
    const body = await response.text()
    assert.equal(response.status, 503, body)
    assert.match(response.headers.get('retry-after') ?? '', /^\d+$/)
    assert.match(body, /database/)
    assert.equal((await ask('/health/endtoend')).status, 503)
    await postgres.start()
    assert.equal(await crane('digest', image), layout.digest)
    assert.equal((await ask('/health/endtoend')).status, 200)
  })
  await check('SIGTERM ends it with 0 even when the database is gone', async () => {
    await postgres.stop()
    assert.equal(await server!.stop(), 0)
    server = undefined
  })
} finally {
  await server?.stop()
  await postgres.remove()
  await rm(folder, { recursive: true, force: true })
}

function ask(path: string, headers: Record<string, string> = {}) {
  return fetch(`http://localhost:${port}${path}`, { headers })
}

function basic(name: string, secret: string) {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
}
