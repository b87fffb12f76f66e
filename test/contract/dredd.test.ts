import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

import { hashToken } from '#credentials/secrets.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { transact } from '#store/db.ts'
import { insertMailCode } from '#store/mail-code.ts'
import { findUserByName } from '#store/user.ts'
import { mintToken } from '#test/support/account.ts'
import { makeCall } from '#test/support/client.ts'
import { createDatabase } from '#test/support/database.ts'
import { makeImage, pushImage } from '#test/support/image.ts'
import {
  passwordOf,
  registryToken,
  signIn,
  startServer,
  type TestServer,
} from '#test/support/server.ts'
import { coverageFaults, type Coverage, type Reasons } from './coverage.ts'
import { declaredPairs, documentPaths, dreddInput } from './documents.ts'
import { reportVariable, stageVariable, type Person, type Report, type Stage } from './stage.ts'

const run = promisify(execFile)
const reasonsPath = 'test/contract/reasons.json'

test('the registry answers every operation with every status that its document declares', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-contract-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const printed = await runDredd(await setStage(), folder)
  const written = await readFile(reportIn(folder), 'utf8').catch(() => undefined)
  expect(written, `the hooks were not loaded: ${printed}`).toBeDefined()

  const report = JSON.parse(written!) as Report
  const [declared, reasons] = [await pairsOf(readTree), await reasonsOf(readTree)]
  expect(coverageFaults({ declared, reasons: reasons!, report, before: await earlier() })).toEqual(
    [],
  )
}, 600_000)

const reportIn = (folder: string) => join(folder, 'report.json')

/** Runs dredd over both documents; gives what it printed. Its report lies in the folder. */
async function runDredd(stage: Stage, folder: string): Promise<string> {
  const inputs = await Promise.all(
    documentPaths.map(async (path) => {
      const input = join(folder, basename(path))
      await writeFile(input, dreddInput(await readFile(path, 'utf8')))
      return input
    }),
  )
  const dredd = [
    'node_modules/dredd/bin/dredd',
    inputs[0]!,
    stage.servers.main,
    ...inputs.slice(1).map((path) => `--path=${path}`),
    '--hookfiles=test/contract/hooks.cts',
    '--loglevel=error',
  ]
  const env = {
    ...process.env,
    NODE_NO_WARNINGS: '1',
    [stageVariable]: JSON.stringify(stage),
    [reportVariable]: reportIn(folder),
  }
  const { stdout, stderr } = await run(process.execPath, dredd, { env, maxBuffer: 1e8 }).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  return stdout + stderr
}

const settings = {
  FEATURE_REPO_MIRROR: 'true',
  FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
  FEATURE_SUPERUSER_CONFIGDUMP: 'true',
  MAXIMUM_LAYER_SIZE: '64K',
  MAXIMUM_MANIFEST_SIZE: '64K',
  SSRF_ALLOWED_HOSTS: '127.0.0.1',
}

async function setStage(): Promise<Stage> {
  const [database, blobs] = [await createDatabase(), openMemoryDriver()]
  onTestFinished(() => database.drop())
  const main = await startServer(settings, { database, blobs })
  const mails = { MAIL_SERVER: '127.0.0.1', SERVER_HOSTNAME: main.host }
  const hasty = await startServer(
    { ...settings, ...mails, CREATE_NAMESPACE_ON_PUSH: 'true' },
    { database, blobs, bodyTimeoutMs: 50 },
  )
  const mailing = await startServer({ ...settings, ...mails }, { database, blobs })
  const closed = await startServer({ FEATURE_ANONYMOUS_ACCESS: 'false' })
  const bare = await startServer({
    FEATURE_DIRECT_LOGIN: 'false',
    FEATURE_ASSIGN_OAUTH_TOKEN: 'false',
    FEATURE_USER_INITIALIZE: 'false',
    FEATURE_SUPER_USERS: 'false',
    FEATURE_APP_SPECIFIC_TOKENS: 'false',
  })
  const nowhere = {
    connectionString: 'postgresql://nobody@/none?host=/nowhere',
    drop: async () => {},
  }
  const down = await startServer(mails, { database: nowhere })
  const people = {
    keeper: await addPerson(main, 'keeper'),
    stranger: await addPerson(main, 'stranger'),
    warden: await addPerson(main, 'warden', { superuser: true }),
  }
  return {
    servers: {
      main: main.url,
      closed: closed.url,
      bare: bare.url,
      hasty: hasty.url,
      mailing: mailing.url,
      down: down.url,
    },
    people,
    narrow: await mintToken(main, 'keeper', ['repo:read']),
    immutable: await makeImmutable(main, 'keeper/immutable'),
    disabled: await makeDisabled(main),
    expiredKey: await letKeyExpire(bare),
    codes: await makeCodes(main),
  }
}

async function addPerson(
  server: TestServer,
  name: string,
  options?: { superuser: boolean },
): Promise<Person> {
  await server.user(name, options)
  return { name, password: passwordOf(name), ...(await signIn(server.call, name)) }
}

async function makeImmutable(server: TestServer, repository: string): Promise<Stage['immutable']> {
  const { image } = await server.repository(repository, ['v1'])
  const other = makeImage()
  const push = await server.registry('keeper', `repository:${repository}:pull,push`)
  await pushImage(push, repository, [], other)
  await server.deps.db
    .updateTable('tag')
    .set({ is_immutable: true })
    .where('name', '=', 'v1')
    .execute()
  return { repository, tag: 'v1', digest: image.digest, other: other.digest }
}

/** What was given before the namespace was disabled goes on to be presented. */
async function makeDisabled(server: TestServer): Promise<Stage['disabled']> {
  const { call: owner } = await server.user('leaver')
  const { url } = await server.repository('leaver/app')
  await owner('POST', `${url}/changevisibility`, { body: { visibility: 'public' } })
  const scopes = ['repository:leaver/app:pull']
  const token = await registryToken(server.call, server.host, undefined, scopes)
  await server.deps.db
    .updateTable('namespace')
    .set({ enabled: false })
    .where('name', '=', 'leaver')
    .execute()
  return { repository: 'leaver/app', token }
}

/** What mails would hold; these are not sent. */
async function makeCodes({ deps }: TestServer): Promise<Stage['codes']> {
  const { id, email } = (await findUserByName(deps.db, 'keeper'))!
  const codes = {
    confirm: 'a-code-to-confirm',
    confirmOnPage: 'another-code-to-confirm',
    recover: 'a-code-to-recover',
    recoverOnPage: 'another-code-to-recover',
  }
  await transact(deps.db, async (tx) => {
    for (const [name, code] of Object.entries(codes))
      await insertMailCode(tx, {
        userId: id,
        purpose: name.startsWith('confirm') ? 'confirm' : 'recover',
        email: email!,
        codeHash: hashToken(code),
        at: new Date(),
        expiresAt: new Date(Date.now() + 3_600_000),
      })
  })
  return codes
}

async function letKeyExpire(server: TestServer): Promise<string> {
  await makeCall(server.url)('GET', `/v2/auth?scope=repository:any/thing:pull`)
  const { json } = await server.call('GET', '/keys/services/registry/keys')
  server.clock.advance(365 * 24 * 3600)
  return json.keys[0].kid
}

type Read = (path: string) => Promise<string | undefined>
const readTree: Read = (path) => readFile(path, 'utf8')

async function pairsOf(read: Read): Promise<string[]> {
  const texts = await Promise.all(documentPaths.map(read))
  return texts.flatMap((text) => (text === undefined ? [] : declaredPairs(JSON.parse(text))))
}

async function reasonsOf(read: Read): Promise<Reasons | undefined> {
  const text = await read(reasonsPath)
  return text === undefined ? undefined : JSON.parse(text)
}

/** The last commit while the reasons have changed since, else the one before. */
async function earlier(): Promise<Coverage['before']> {
  const readIn =
    (commit: string): Read =>
    (path) =>
      run('git', ['show', `${commit}:${path}`], { maxBuffer: 1e8 }).then(
        ({ stdout }) => stdout,
        () => undefined,
      )
  const isCommitted = (await readIn('HEAD')(reasonsPath)) === (await readTree(reasonsPath))
  const read = readIn(isCommitted ? 'HEAD~1' : 'HEAD')
  const reasons = await reasonsOf(read)
  return reasons && { declared: await pairsOf(read), reasons }
}
