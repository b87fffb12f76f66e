import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { makeOrganization } from '#test/support/account.ts'
import { makeImage } from '#test/support/image.ts'
import { signIn, startServer, type TestServer } from '#test/support/server.ts'

/** Sends the head and the first byte of a body; `finish` sends the rest and gives the status. */
async function hold(
  server: TestServer,
  line: string,
  { headers, body }: { headers: Record<string, string>; body: string },
) {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const all = { host: server.host, connection: 'close', 'content-length': String(body.length) }
  const head = Object.entries({ 'content-type': 'application/json', ...all, ...headers })
  const text = head.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`${line} HTTP/1.1\r\n${text}\r\n${body.slice(0, 1)}`)
  // Longer than a client may keep its body back without being asked again.
  await wait(300)
  return async () => {
    socket.write(body.slice(1))
    await new Promise((resolve) => socket.once('close', resolve))
    return Number(Buffer.concat(chunks).toString().split(' ')[1])
  }
}

async function sessionOf(server: TestServer, name: string) {
  const { cookie, csrfToken } = await signIn(server.call, name)
  return { cookie, 'x-csrf-token': csrfToken }
}

test('a request that is held open does not outlive the session that began it', async () => {
  const server = await startServer()
  const { call: eve } = await server.user('eve')
  const headers = await sessionOf(server, 'eve')
  const body = '{"password":"a-password-of-a-thief"}'
  const finish = await hold(server, 'PUT /api/v1/user/', { headers, body })
  const changed = await eve('PUT', '/api/v1/user/', { body: { password: 'new-and-safe-one' } })
  expect(changed.status).toBe(200)
  expect(await finish()).toBe(401)
  await expect(signIn(server.call, 'eve', 'new-and-safe-one')).resolves.toBeDefined()
})

test('nor the right that let it in', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  await server.user('eve')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const member = '/api/v1/organization/acme/team/owners/members/eve'
  expect((await ada('PUT', member)).status).toBe(200)
  const finish = await hold(server, 'PUT /api/v1/organization/acme/robots/door', {
    headers: await sessionOf(server, 'eve'),
    body: '{"description":"a way back"}',
  })
  expect((await ada('DELETE', member)).status).toBe(204)
  expect(await finish()).toBe(403)
})

test('who keeps the right may be slow', async () => {
  const server = await startServer()
  await server.user('ada')
  const body = '{"description":"late"}'
  const headers = await sessionOf(server, 'ada')
  const finish = await hold(server, 'PUT /api/v1/user/robots/ci', { headers, body })
  expect(await finish()).toBe(201)
})

test('a manifest that is held back is refused when its author has lost the right to push', async () => {
  const server = await startServer()
  await server.user('ada')
  await server.repository('ada/app')
  const scope = 'repository:ada/app:pull,push'
  const query = new URLSearchParams({ service: server.host, scope })
  const basic = Buffer.from('ada:password-of-ada').toString('base64')
  const { json } = await server.call('GET', `/v2/auth?${query}`, {
    headers: { authorization: `Basic ${basic}` },
  })
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
    annotations: { of: makeImage('held').digest },
  })
  const finish = await hold(server, 'PUT /v2/ada/app/manifests/held', {
    headers: {
      authorization: `Bearer ${json.token}`,
      'content-type': 'application/vnd.oci.image.index.v1+json',
    },
    body: index,
  })
  await server.deps.db.updateTable('namespace').set({ enabled: false }).execute()
  expect(await finish()).toBe(401)
})
