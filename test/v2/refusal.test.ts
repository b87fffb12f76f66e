import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { imageManifestType } from '#domain/manifest.ts'
import { grant, setEnabled } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { openGate } from '#test/support/database-gate.ts'
import { makeImage, pushImage } from '#test/support/image.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { newOwner, shareServer, type Owner } from '#test/support/shared.ts'
import { beginUpload } from '#test/support/upload.ts'

const shared = shareServer()
const digest = digestOf(Buffer.from('x'))
const form = {
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'grant_type=password&username=a&password=b',
}

type Operation = [
  method: string,
  path: string,
  body?: { headers?: Record<string, string>; body: unknown },
]

/** Every operation on a repository that has `v1` and an upload. */
function repositoryOperations(path: string, location: string): Operation[] {
  const manifest = { headers: { 'content-type': imageManifestType }, body: '{}' }
  return [
    ['GET', `${path}/_oci/ext/discover`],
    ['GET', `${path}/tags/list`],
    ['GET', `${path}/manifests/v1`],
    ['HEAD', `${path}/manifests/v1`],
    ['PUT', `${path}/manifests/v1`, manifest],
    ['DELETE', `${path}/manifests/v1`],
    ['GET', `${path}/blobs/${digest}`],
    ['HEAD', `${path}/blobs/${digest}`],
    ['DELETE', `${path}/blobs/${digest}`],
    ['GET', `${path}/referrers/${digest}`],
    ['POST', `${path}/blobs/uploads/`],
    ['GET', location],
    ['PATCH', location, { body: 'x' }],
    ['PUT', `${location}?digest=${digest}`, { body: 'x' }],
    ['DELETE', location],
  ]
}

async function everything({ push, path, fullName }: Owner): Promise<Operation[]> {
  await pushImage(push, fullName, ['v1'])
  const { location } = await beginUpload({ push, path } as Owner)
  return repositoryOperations(path, location)
}

/** What each operation answers. */
async function outcomes(call: Call, operations: readonly Operation[]) {
  const found = []
  for (const [method, path, body] of operations)
    found.push([method, path, ...(await outcome(call(method, path, body)))])
  return found
}

/** The same refusal for each; HEAD has no body to hold the code. */
function all(operations: readonly Operation[], status: number, code: string) {
  return operations.map(([method, path]) => [
    method,
    path,
    status,
    ...(method === 'HEAD' ? [] : [code]),
  ])
}

test('parameters that no operation has are refused', async () => {
  const owner = await newOwner(shared())
  const operations: Operation[] = [
    ...(await everything(owner)),
    ['GET', '/v2/'],
    ['GET', '/v2/_catalog'],
    ['GET', '/v2/_oci/ext/discover'],
  ]
  const odd = operations.map(([method, path, body]): Operation => {
    const query = `${path.includes('?') ? '&' : '?'}colour=green`
    return body ? [method, path + query, body] : [method, path + query]
  })
  expect(await outcomes(owner.push, odd)).toEqual(all(odd, 400, 'INVALID_REQUEST'))
  expect(await outcome(shared().call('GET', '/v2/auth?colour=green'))).toEqual([
    400,
    'INVALID_REQUEST',
  ])
})

test('in a namespace that is disabled nothing goes, and a token for it says so', async () => {
  const server = shared()
  const owner = await newOwner(server)
  const operations = await everything(owner)
  const helper = await newOwner(server)
  const token = await server.registry(helper.name, `repository:${owner.fullName}:pull,push,delete`)
  await grant(server, owner.fullName, helper.name, 'admin')
  const covered = await server.registry(
    helper.name,
    `repository:${owner.fullName}:pull,push,delete`,
  )
  await setEnabled(server, owner.name, false)
  expect(await outcomes(covered, operations)).toEqual(all(operations, 403, 'DENIED'))
  expect(await outcomes(token, operations)).toEqual(all(operations, 401, 'UNAUTHORIZED'))
  expect(await outcomes(server.call, operations)).toEqual(all(operations, 401, 'UNAUTHORIZED'))
})

test('a read-only repository refuses every write, whatever the token', async () => {
  const server = shared()
  const owner = await newOwner(server)
  const operations = await everything(owner)
  await server.deps.db
    .updateTable('repository')
    .set({ state: 'READ_ONLY' })
    .where('namespace_id', '=', (eb) =>
      eb.selectFrom('namespace').select('id').where('name', '=', owner.name),
    )
    .execute()
  const writes = operations.filter(
    ([method, path]) => path.includes('/uploads/') || !['GET', 'HEAD'].includes(method),
  )
  expect(await outcomes(owner.push, writes)).toEqual(all(writes, 403, 'DENIED'))
  expect(await outcome(owner.push('GET', `${owner.path}/manifests/v1`))).toEqual([200])
})

/** A body of which a part comes, and the rest when it is asked for. */
function slowBody(first: string) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given
      given.enqueue(Buffer.from(first))
    },
  })
  const end = (rest = '') => {
    if (rest) controller!.enqueue(Buffer.from(rest))
    controller!.close()
  }
  return { body, end }
}

test('a body that stops coming is given up after a while', async () => {
  const server = await startServer({}, { bodyTimeoutMs: 100 })
  const owner = await newOwner(server)
  const { location } = await beginUpload(owner)
  const cases: [method: string, path: string, headers: Record<string, string>, code: string][] = [
    ['PUT', `${owner.path}/manifests/v1`, { 'content-type': imageManifestType }, 'REQUEST_TIMEOUT'],
    ['POST', `${owner.path}/blobs/uploads/?digest=${digest}`, {}, 'REQUEST_TIMEOUT'],
    ['PATCH', location, {}, 'REQUEST_TIMEOUT'],
    ['PUT', `${location}?digest=${digest}`, {}, 'REQUEST_TIMEOUT'],
    ['POST', '/v2/auth', form.headers, 'invalid_request'],
  ]
  for (const [method, path, headers, code] of cases) {
    const { body, end } = slowBody('grant_type')
    expect([path, ...(await outcome(owner.push(method, path, { headers, body })))]).toEqual([
      path,
      408,
      code,
    ])
    end()
  }
})

test('what lands in a repository that was deleted meanwhile is refused', async () => {
  const server = shared()
  const owner = await newOwner(server)
  const image = await pushImage(owner.push, owner.fullName, ['v1'])
  const text = image.manifest.toString('utf8')
  const bodies = [slowBody(text.slice(0, 10)), slowBody('x')]
  const pushes = [
    owner.push('PUT', `${owner.path}/manifests/v2`, {
      headers: { 'content-type': imageManifestType },
      body: bodies[0]!.body,
    }),
    owner.push('POST', `${owner.path}/blobs/uploads/?digest=${digest}`, { body: bodies[1]!.body }),
  ]
  // The upload's row tells that the second request is past the gate, and so the first, which came before it.
  await expect.poll(() => uploadsOf(server, owner)).toBe(1)
  const gone = server.as(owner.name)('DELETE', `/api/v1/repository/${owner.fullName}`)
  expect(await outcome(gone)).toEqual([204])
  bodies[0]!.end(text.slice(10))
  bodies[1]!.end()
  const [manifest, blob] = await Promise.all(pushes.map((each) => outcome(each)))
  expect(manifest).toEqual([404, 'NAME_UNKNOWN'])
  expect(blob![0]).toBe(404)
})

async function uploadsOf({ deps }: TestServer, { name }: Owner): Promise<number> {
  const rows = await deps.db
    .selectFrom('upload as u')
    .innerJoin('repository as r', 'r.id', 'u.repository_id')
    .innerJoin('namespace as n', 'n.id', 'r.namespace_id')
    .select('u.id')
    .where('n.name', '=', name)
    .execute()
  return rows.length
}

test('who may read everything is told that a repository is not there', async () => {
  const server = await startServer({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
  await server.user('auditor')
  const owner = await newOwner(server)
  const path = `${owner.path}/referrers/${digest}`
  const call = await server.registry('auditor', `repository:${owner.fullName}:pull`)
  expect(await outcome(call('GET', path))).toEqual([404, 'NAME_UNKNOWN'])
  await pushImage(owner.push, owner.fullName, ['v1'])
  expect(await outcome(call('GET', path))).toEqual([200])
  expect(await outcome(call('POST', `${owner.path}/blobs/uploads/`))).toEqual([401, 'UNAUTHORIZED'])
})

const ownOperations: Operation[] = [
  ['GET', '/v2/'],
  ['GET', '/v2/_catalog'],
]

test('while the database is away every call is told to come back, and then works again', async () => {
  const gate = await openGate()
  const server = await startServer({}, { database: gate.database })
  const owner = await newOwner(server)
  const operations = [...(await everything(owner)), ...ownOperations]
  await gate.shut()
  expect(await outcomes(owner.push, operations)).toEqual(all(operations, 503, 'UNAVAILABLE'))
  expect(await outcome(server.call('POST', '/v2/auth', form))).toEqual([503, 'UNAVAILABLE'])
  const login = { headers: { authorization: 'Basic YTpi' } }
  expect(await outcome(server.call('GET', '/v2/auth', login))).toEqual([503, 'UNAVAILABLE'])
  expect(await outcome(server.call('GET', '/v2/_oci/ext/discover'))).toEqual([200])
  await gate.open()
  expect(await outcome(owner.push('GET', `${owner.path}/manifests/v1`))).toEqual([200])
})

test('a database that lacks room, memory, time or a disk that works is a 503, and nothing is kept', async () => {
  const server = await startServer()
  const owner = await newOwner(server)
  await pushImage(owner.push, owner.fullName, ['v1'])
  const { db } = server.deps
  for (const code of ['53100', '53200', '57014', '58030']) {
    await sql
      .raw(`create or replace function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused' using errcode = '${code}'; end $$`)
      .execute(db)
    await sql
      .raw(`create or replace trigger refuse before insert on log_entry
      execute function refuse()`)
      .execute(db)
    const image = makeImage()
    await expect(pushImage(owner.push, owner.fullName, ['v2'], image)).rejects.toThrow(/503/)
    expect(await outcome(owner.push('GET', `${owner.path}/manifests/${image.digest}`))).toEqual([
      404,
      'MANIFEST_UNKNOWN',
    ])
  }
})

test('a fault of our own is a 500 with a request id and nothing more', async () => {
  const server = await startServer()
  const owner = await newOwner(server)
  const operations = [...(await everything(owner)), ...ownOperations]
  await server.deps.db.schema.alterTable('user_account').renameTo('lost').execute()
  expect(await outcomes(owner.push, operations)).toEqual(all(operations, 500, 'UNKNOWN'))
  const { json, text } = await owner.push('GET', '/v2/')
  expect(json.errors[0].detail.request_id).toMatch(/^[0-9a-f-]{36}$/)
  expect(text).not.toMatch(/user_account|relation|\.ts|select/)
  expect(await outcome(server.call('POST', '/v2/auth', form))).toEqual([500, 'UNKNOWN'])
  const login = { headers: { authorization: 'Basic YTpi' } }
  expect(await outcome(server.call('GET', '/v2/auth', login))).toEqual([500, 'UNKNOWN'])
})
