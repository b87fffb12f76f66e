import jwt from 'jsonwebtoken'
import { expect, onTestFinished, test } from 'vitest'

import { grant, listAudit } from '#test/support/account.ts'
import { makeCall, outcome } from '#test/support/client.ts'
import { createDatabase } from '#test/support/database.ts'
import { makePair } from '#test/support/issuer.ts'
import { basicAuth, logIn } from '#test/support/machine.ts'
import { sendRaw } from '#test/support/raw.ts'
import { startServer } from '#test/support/server.ts'
import { logInByForm } from './robot-fixture.ts'
import { federation, robot, startFederated, subject } from './robot-federation-fixture.ts'

const refused = [401, 'invalid_token']

test('a token of a named issuer gives a password of the robot for an hour', async () => {
  const { server, issuer, exchange } = await startFederated()
  await server.repository('acme/nginx')
  await grant(server, 'acme/nginx', 'acme+ci', 'read')
  const { status, json } = await exchange()
  expect(status).toBe(200)
  const { sub, aud, exp = 0, iat = 0 } = jwt.decode(json.token) as jwt.JwtPayload
  expect({ sub, aud, seconds: exp - iat }).toEqual({
    sub: 'acme+ci',
    aud: server.host,
    seconds: 3600,
  })
  const { actions, call } = await logIn(server, 'acme+ci', json.token, 'repository:acme/nginx:pull')
  expect(actions).toEqual(['pull'])
  expect((await call('GET', '/v2/acme/nginx/tags/list')).status).toBe(200)
  server.clock.advance(3700)
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(401)
  const audit = await listAudit(server, 'acme', 'federated_robot_token_exchange')
  const metadata = { issuer: issuer.url, subject, robot: 'ci' }
  expect(audit).toMatchObject([{ metadata, performer: 'acme+ci' }])
})

test.each([
  ['another subject', { sub: 'repo:eve/nginx' }],
  ['another issuer', { iss: 'https://ci.example.com' }],
  ['another audience', { aud: 'registry.example.com' }],
  ['no audience', { aud: undefined }],
  ['no end', { exp: undefined }],
  ['an end that is over', { exp: Math.floor(Date.now() / 1000) - 40 }],
  ['a begin that is ahead', { nbf: Math.floor(Date.now() / 1000) + 60 }],
])('a token with %s is refused', async (_what, claims) => {
  const { exchange } = await startFederated()
  expect(await outcome(exchange(claims))).toEqual(refused)
})

test('clocks may differ by half a minute, and one audience of several is enough', async () => {
  const { server, exchange } = await startFederated()
  const now = Math.floor(Date.now() / 1000)
  expect((await exchange({ exp: now - 10, nbf: now + 15 })).status).toBe(200)
  expect((await exchange({ aud: ['other', server.host] })).status).toBe(200)
})

test('the audience of an entry takes the place of the host', async () => {
  const { exchange } = await startFederated({ audience: 'portolan' })
  expect((await exchange({ aud: 'portolan' })).status).toBe(200)
  expect(await outcome(exchange())).toEqual(refused)
})

test('a host that only the caller names is no audience, the host of the configuration is one', async () => {
  const { server, issuer, exchange } = await startFederated()
  const token = issuer.sign({ sub: subject, aud: 'elsewhere.example.com' })
  const answer = await sendRaw(server.host, {
    method: 'GET',
    target: '/oauth2/federation/robot/token',
    headers: { ...basicAuth('acme+ci', token), host: 'elsewhere.example.com' },
  })
  expect(answer.status).toBe(401)
  expect((await exchange()).status).toBe(200)
  const named = await startFederated({}, { SERVER_HOSTNAME: 'registry.example.com' })
  expect((await named.exchange({ aud: 'registry.example.com' })).status).toBe(200)
  const { host } = new URL(named.server.url)
  expect(await outcome(named.exchange({ aud: host }))).toEqual(refused)
})

test.each(['acme+cd', 'acme', 'nobody+ci', ''])(
  'the token stands for no other: %j',
  async (login) => {
    const { exchange, acme } = await startFederated()
    await acme('PUT', '/api/v1/user/robots/cd')
    expect(await outcome(exchange({}, login))).toEqual(refused)
  },
)

test('a refusal says what is wrong in the field that clients of Quay read', async () => {
  const { exchange } = await startFederated()
  const { json } = await exchange({}, 'nobody+ci')
  expect(json.error).toBe(json.detail)
  expect(json.error).toContain('nobody+ci')
})

test('a call without credentials, or with others, is refused', async () => {
  const { server, present, acme } = await startFederated()
  const path = '/oauth2/federation/robot/token'
  expect(await outcome(server.call('GET', path))).toEqual(refused)
  const bearer = makeCall(server.url, () => ({ authorization: 'Bearer abc' }))
  expect(await outcome(bearer('GET', path))).toEqual(refused)
  const { json } = await acme('GET', robot)
  for (const token of [json.token, '', 'a.b.c', 'e30.e30.', '%', 'bnVsbA.bnVsbA.bnVsbA'])
    expect(await outcome(present(token))).toEqual(refused)
})

test.each([
  ['RS256', 'RSA'],
  ['PS384', 'RSA'],
  ['ES384', 'P-384'],
  ['ES512', 'P-521'],
] as const)('a token may be signed with %s', async (algorithm, kind) => {
  const { server, issuer, present } = await startFederated()
  issuer.keys = [makePair('other', kind)]
  const token = issuer.sign({ sub: subject, aud: server.host }, { algorithm })
  expect((await present(token)).status).toBe(200)
})

test('a token without a signature, with a shared secret, or by a stranger is refused', async () => {
  const { server, issuer, present } = await startFederated()
  const claims = { iss: issuer.url, sub: subject, aud: server.host, exp: Date.now() / 1000 + 60 }
  const none = jwt.sign(claims, '', { algorithm: 'none', keyid: 'first' } as jwt.SignOptions)
  const secret = issuer.keys[0]!.jwk as unknown as string
  const shared = jwt.sign(claims, JSON.stringify(secret), { algorithm: 'HS256', keyid: 'first' })
  const stranger = jwt.sign(claims, makePair('first', 'P-256').privateKey, {
    algorithm: 'ES256',
    keyid: 'first',
  })
  const nameless = jwt.sign(claims, issuer.keys[0]!.privateKey, { algorithm: 'ES256' })
  for (const token of [none, shared, stranger, nameless])
    expect(await outcome(present(token))).toEqual(refused)
})

test('a key that is not for signing, or for another algorithm, proves nothing', async () => {
  const { server, issuer, present } = await startFederated()
  issuer.keys = [makePair('a', 'RSA'), makePair('b', 'RSA')]
  issuer.keys[0]!.jwk['use'] = 'enc'
  issuer.keys[1]!.jwk['alg'] = 'PS256'
  const claims = { sub: subject, aud: server.host }
  expect(await outcome(present(issuer.sign(claims, { algorithm: 'RS256' })))).toEqual(refused)
  issuer.keys.reverse()
  expect(await outcome(present(issuer.sign(claims, { algorithm: 'RS256' })))).toEqual(refused)
  expect((await present(issuer.sign(claims, { algorithm: 'PS256' }))).status).toBe(200)
})

test('keys are fetched once for many tokens, and for an unknown key once a minute', async () => {
  const { server, issuer, exchange, present } = await startFederated()
  await Promise.all(Array.from({ length: 5 }, () => exchange()))
  expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys'])
  issuer.keys = [makePair('second', 'P-256')]
  expect(await outcome(exchange())).toEqual(refused)
  expect(issuer.asked).toHaveLength(2)
  server.clock.advance(70)
  const token = issuer.sign({ sub: subject, aud: server.host, exp: Date.now() / 1000 + 600 })
  expect((await present(token)).status).toBe(200)
  expect(issuer.asked).toHaveLength(4)
})

test('a key that the issuer has withdrawn is trusted for ten minutes more', async () => {
  const { server, issuer, present } = await startFederated()
  const token = issuer.sign({ sub: subject, aud: server.host, exp: Date.now() / 1000 + 6000 })
  expect((await present(token)).status).toBe(200)
  issuer.keys = []
  server.clock.advance(590)
  expect((await present(token)).status).toBe(200)
  server.clock.advance(20)
  expect(await outcome(present(token))).toEqual(refused)
})

test('no issuer is asked that the robot does not name, and none through another document', async () => {
  const { server, issuer, exchange } = await startFederated()
  await exchange({ sub: 'another' })
  await exchange({}, 'acme+cd')
  expect(issuer.asked).toEqual([])
  issuer.discovery = { issuer: 'https://ci.example.com' }
  expect(await outcome(exchange())).toEqual(refused)
  server.clock.advance(11)
  issuer.discovery = { jwks_uri: `${issuer.url.replace('127.0.0.1', '127.0.0.2')}/keys` }
  expect(await outcome(exchange())).toEqual(refused)
  expect(issuer.asked).not.toContain('/keys')
})

test('an issuer that fails is left alone for ten seconds', async () => {
  const { server, issuer, exchange } = await startFederated()
  issuer.discovery = { jwks_uri: `${issuer.url}/missing` }
  expect(await outcome(exchange())).toEqual(refused)
  expect(await outcome(exchange())).toEqual(refused)
  expect(issuer.asked).toHaveLength(2)
  issuer.discovery = {}
  server.clock.advance(11)
  expect((await exchange()).status).toBe(200)
})

test.each([
  ['the list is emptied', 'DELETE', federation, undefined],
  ['its entry goes', 'POST', federation, []],
  ['the robot is renewed', 'POST', `${robot}/regenerate`, undefined],
  ['the robot is deleted', 'DELETE', robot, undefined],
])('a password ends when %s, and registry tokens with it', async (_what, method, path, body) => {
  const { server, acme, exchange } = await startFederated()
  await server.repository('acme/nginx')
  await grant(server, 'acme/nginx', 'acme+ci', 'read')
  const { json } = await exchange()
  const { call } = await logIn(server, 'acme+ci', json.token, 'repository:acme/nginx:pull')
  await acme(method, path, { body })
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(401)
  expect((await call('GET', '/v2/acme/nginx/tags/list')).status).toBe(401)
})

test('a password goes on when an entry is added', async () => {
  const { server, acme, exchange } = await startFederated()
  const { json } = await exchange()
  const { json: list } = await acme('GET', federation)
  const body = [...list, { issuer: 'https://ci.example.com', subject: 'a' }]
  await acme('POST', federation, { body })
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(200)
})

test('a password is none of another robot, gives no refresh token, and is no registry token', async () => {
  const { server, acme, exchange } = await startFederated()
  await acme('PUT', '/api/v1/user/robots/cd')
  const { json } = await exchange()
  expect((await logIn(server, 'acme+cd', json.token)).status).toBe(401)
  const form = { grant_type: 'password', access_type: 'offline', username: 'acme+ci' }
  const { status, json: grantOf } = await logInByForm(server, { ...form, password: json.token })
  expect([status, grantOf.refresh_token]).toEqual([200, undefined])
  const bearer = makeCall(server.url, () => ({ authorization: `Bearer ${json.token}` }))
  expect((await bearer('GET', '/v2/')).status).toBe(401)
})

test('a registry token is no password', async () => {
  const { server, acme } = await startFederated()
  const { json } = await acme('GET', robot)
  const form = { grant_type: 'password', username: 'acme+ci' }
  const { json: grantOf } = await logInByForm(server, { ...form, password: json.token })
  expect((await logIn(server, 'acme+ci', grantOf.access_token)).status).toBe(401)
})

test('while robots are disallowed, tokens are exchanged for those on the list alone', async () => {
  const database = await createDatabase()
  onTestFinished(() => database.drop())
  const { issuer } = await startFederated({}, {}, { database })
  const settings = { SSRF_ALLOWED_HOSTS: '127.0.0.1', ROBOTS_DISALLOW: 'true' }
  const exchangeAt = async (list: string) => {
    const server = await startServer({ ...settings, ROBOTS_WHITELIST: list }, { database })
    const headers = basicAuth('acme+ci', issuer.sign({ sub: subject, aud: server.host }))
    return outcome(server.call('GET', '/oauth2/federation/robot/token', { headers }))
  }
  expect(await exchangeAt('acme+cd')).toEqual(refused)
  expect(await exchangeAt('acme+ci')).toEqual([200])
})
