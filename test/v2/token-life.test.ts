import { createPrivateKey, generateKeyPairSync } from 'node:crypto'

import jwt from 'jsonwebtoken'
import { expect, test } from 'vitest'

import { grant, makeOrganization, mintToken, setEnabled } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { logIn, mintAppToken } from '#test/support/machine.ts'
import {
  passwordOf,
  registryToken,
  signIn,
  startServer,
  type TestServer,
} from '#test/support/server.ts'
import { rawCall, readToken } from '#test/support/shared.ts'

const weekSeconds = 7 * 86_400

async function serverWithImage() {
  const server = await startServer()
  await server.user('alice')
  const push = await server.registry('alice', 'repository:alice/app:pull,push')
  await pushImage(push, 'alice/app', ['v1'])
  return server
}

const tokenOf = (server: TestServer) =>
  registryToken(server.call, server.host, 'alice', ['repository:alice/app:pull'])

const pull = (server: TestServer, token: string) =>
  server.withToken(token)('GET', '/v2/alice/app/manifests/v1')

test('a token ends after five minutes, give or take the difference of two clocks', async () => {
  const server = await serverWithImage()
  const token = await tokenOf(server)
  server.clock.advance(299)
  expect(await outcome(pull(server, token))).toEqual([200])
  server.clock.advance(32)
  const late = await pull(server, token)
  expect(await outcome(late)).toEqual([401, 'UNAUTHORIZED'])
  expect(late.headers.get('www-authenticate')).toContain('error="invalid_token"')
  expect(late.json.errors[0].message).toContain('expired')
  // Without the memory of an earlier check, and from the future.
  expect(await outcome(pull(server, await tokenOf(server)))).toEqual([200])
  const early = await tokenOf(server)
  server.clock.advance(-600)
  expect(await outcome(pull(server, early))).toEqual([401, 'UNAUTHORIZED'])
})

test('a token is good for the registry it was asked for and for no other name of it', async () => {
  const server = await serverWithImage()
  const token = await tokenOf(server)
  const at = (host: string) =>
    rawCall(server, 'GET', '/v2/alice/app/manifests/v1', {
      headers: { host, authorization: `Bearer ${token}` },
    })
  expect(await outcome(at(server.host))).toEqual([200])
  const elsewhere = await at('registry.example.com')
  expect(await outcome(elsewhere)).toEqual([401, 'UNAUTHORIZED'])
  expect(elsewhere.headers.get('www-authenticate')).toBe(
    'Bearer realm="http://registry.example.com/v2/auth",service="registry.example.com",scope="repository:alice/app:pull",error="invalid_token"',
  )
  expect(await outcome(at(server.host.toUpperCase()))).toEqual([200])
})

test('keys rotate after a week, and what the old one has signed is still good', async () => {
  const server = await serverWithImage()
  const first = await tokenOf(server)
  server.clock.advance(weekSeconds - 60)
  const old = await tokenOf(server)
  expect(readToken(old).header.kid).toBe(readToken(first).header.kid)
  server.clock.advance(120)
  const young = await tokenOf(server)
  expect(readToken(young).header.kid).not.toBe(readToken(old).header.kid)
  expect(await outcome(pull(server, old))).toEqual([200])
  expect(await outcome(pull(server, young))).toEqual([200])
  const published = async () => {
    const { json } = await server.call('GET', '/keys/services/registry/keys')
    return json.keys.map(({ kid }: { kid: string }) => kid)
  }
  expect(await published()).toHaveLength(2)
  server.clock.advance(86_400)
  expect(await published()).toEqual([readToken(young).header.kid])
})

test('another node verifies what this one has signed, and the other way round after a rotation', async () => {
  const server = await serverWithImage()
  const { openSigningKeys } = await import('#credentials/signing-keys.ts')
  const other = openSigningKeys({
    db: server.deps.db,
    secretKey: 'a secret key that only tests use',
    service: 'registry',
    clock: server.clock,
  })
  const token = await tokenOf(server)
  expect(await other.verifier(readToken(token).header.kid)).toBeDefined()
  server.clock.advance(weekSeconds + 60)
  const { kid, privateKey } = await other.signer()
  const { claims } = readToken(await tokenOf(server))
  expect(readToken(await tokenOf(server)).header.kid).toBe(kid)
  const made = jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: kid })
  expect(await outcome(pull(server, made))).toEqual([200])
})

test('only tokens of our own keys, algorithm and issuer count, whatever they claim', async () => {
  const server = await serverWithImage()
  const good = await tokenOf(server)
  const { header, claims } = readToken(good)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const foreign = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const { privateKey: own, kid } = await server.deps.keys.signer()
  const [head, body, signature] = good.split('.') as [string, string, string]
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none', kid: header.kid })).toString(
    'base64url',
  )
  const bad = [
    jwt.sign(claims, foreign, { algorithm: 'ES256', keyid: kid }),
    jwt.sign(claims, foreign, { algorithm: 'ES256', keyid: 'unknown' }),
    jwt.sign(claims, foreign, { algorithm: 'ES256' }),
    jwt.sign({ ...claims, iss: 'quay' }, own, { algorithm: 'ES256', keyid: kid }),
    jwt.sign(claims, 'a shared secret', { algorithm: 'HS256', keyid: kid }),
    `${unsigned}.${body}.`,
    `${head}.${body}.${signature.slice(0, -4)}AAAA`,
    `${head}.${body}`,
    jwt.sign(claims, foreign, { algorithm: 'ES256', keyid: '\0' }),
    'a.b.c',
    'not a token',
    '',
    `${head}.${'A'.repeat(8000)}.${signature}`,
  ]
  for (const token of bad) {
    const answer = await pull(server, token)
    expect([token.slice(0, 80), answer.status]).toEqual([token.slice(0, 80), 401])
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
  }
  expect(await outcome(pull(server, good))).toEqual([200])
})

test('a new password ends every token and every refresh token of the account', async () => {
  const server = await serverWithImage()
  const form = (fields: Record<string, string>) =>
    server.call('POST', '/v2/auth', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(new URLSearchParams({ client_id: 'docker', ...fields })),
    })
  const { json } = await form({
    grant_type: 'password',
    access_type: 'offline',
    username: 'alice',
    password: passwordOf('alice'),
  })
  const refresh = { grant_type: 'refresh_token', refresh_token: json.refresh_token }
  const token = await tokenOf(server)
  expect(await outcome(form(refresh))).toEqual([200])
  const session = await signIn(server.call, 'alice')
  const changed = await server.call('PUT', '/api/v1/user/', {
    headers: { cookie: session.cookie, 'x-csrf-token': session.csrfToken },
    body: { password: 'a-new-password' },
  })
  expect(changed.status).toBe(200)
  expect(await outcome(pull(server, token))).toEqual([401, 'UNAUTHORIZED'])
  expect(await outcome(form(refresh))).toEqual([400, 'invalid_grant'])
})

test('a refresh token ends after 90 days, and with the account', async () => {
  const server = await serverWithImage()
  const form = (fields: Record<string, string>) =>
    server.call('POST', '/v2/auth', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(new URLSearchParams(fields)),
    })
  const { json } = await form({
    grant_type: 'password',
    access_type: 'offline',
    username: 'alice',
    password: passwordOf('alice'),
  })
  const refresh = { grant_type: 'refresh_token', refresh_token: json.refresh_token }
  const token = await tokenOf(server)
  await setEnabled(server, 'alice', false)
  expect(await outcome(form(refresh))).toEqual([400, 'invalid_grant'])
  expect(await outcome(pull(server, token))).toEqual([401, 'UNAUTHORIZED'])
  await setEnabled(server, 'alice', true)
  expect(await outcome(form(refresh))).toEqual([200])
  server.clock.advance(90 * 86_400)
  expect(await outcome(form(refresh))).toEqual([400, 'invalid_grant'])
})

test("a disabled user's logins end in the repositories of others too: by password, app token and OAuth token", async () => {
  const server = await startServer()
  await server.user('ada')
  await server.user('bob')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const push = await server.registry('ada', 'repository:acme/app:pull,push')
  await pushImage(push, 'acme/app', ['v1'])
  await grant(server, 'acme/app', 'bob', 'read')
  const secrets: [string, string][] = [
    ['bob', passwordOf('bob')],
    ['$app', await mintAppToken(server, 'bob')],
    ['$oauthtoken', await mintToken(server, 'bob', ['repo:read'])],
  ]
  const scope = 'repository:acme/app:pull'
  const calls: Call[] = []
  for (const secret of secrets) calls.push((await logIn(server, ...secret, scope)).call)
  const statuses = () =>
    Promise.all(calls.map(async (call) => (await call('GET', '/v2/acme/app/tags/list')).status))
  expect(await statuses()).toEqual([200, 200, 200])
  await setEnabled(server, 'bob', false)
  expect(await statuses()).toEqual([401, 401, 401])
  for (const secret of secrets) expect((await logIn(server, ...secret, scope)).status).toBe(401)
})
