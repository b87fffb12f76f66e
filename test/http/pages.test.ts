import Koa from 'koa'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { renderV1, toRegistryError } from '#http/errors.ts'
import type { AppDeps } from '#http/app.ts'
import { pageRouter } from '#http/pages.ts'
import { renderWelcome } from '#pages/welcome.ts'
import { connect, transact, type Connection } from '#store/db.ts'
import { insertUser } from '#store/user.ts'
import { createDatabase, type TestDatabase } from '#test/support/database.ts'

let database: TestDatabase
let connection: Connection
let server: Server
let origin: string

beforeAll(async () => {
  database = await createDatabase()
  connection = connect({ connectionString: database.connectionString, maxConnections: 2 })
  server = serve(connection.db)
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.close()
  await connection.close()
  await database.drop()
})

/** The router behind the two things that `app.ts` gives it: the exchange, and the rendering of refusals. */
function serve(db: AppDeps['db']): Server {
  const config = {
    REGISTRY_TITLE: 'Ada & Co',
    SESSION_COOKIE_NAME: 'ship',
    FEATURE_USER_INITIALIZE: true,
    FEATURE_USER_CREATION: true,
  }
  const metrics = { contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' }
  const session = { type: 'apiKey', in: 'cookie', name: 'portolan_session' }
  const v1 = { openapi: '3.0.3', info: {}, paths: {}, components: { securitySchemes: { session } } }
  const app = new Koa()
  app.use(async (context, next) => {
    const baseUrl = `http://${context.host}`
    const facts = { id: '-', host: context.host, baseUrl, isBrowser: true }
    context.state.exchange = { facts, source: {} }
    try {
      await next()
    } catch (error) {
      const reply = renderV1(toRegistryError(error), facts)
      context.set((reply.headers ?? {}) as Record<string, string>)
      context.status = reply.status
      context.body = reply.body
    }
  })
  const documents = { v1, v2: { openapi: '3.0.3', info: { title: 'v2' }, paths: {} } }
  const router = pageRouter(
    { db, config, metrics } as unknown as AppDeps,
    documents as unknown as Parameters<typeof pageRouter>[1],
  )
  return app.use(router.routes()).listen(0)
}

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(origin + path, { method, headers })

test.each([
  '/',
  '/docs',
  '/docs/docs-init.js',
  '/assets/pages.css',
  '/openapi/v1.json',
  '/metrics',
])('%s runs nothing from elsewhere, is not framed and has the type that it says', async (path) => {
  const { status, headers } = await get(path)
  expect(status).toBe(200)
  const policy = headers.get('content-security-policy')!
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
  expect(policy.includes("'unsafe-inline'")).toBe(path === '/docs')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('referrer-policy')).toBe('same-origin')
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
})

test('no page has a script or a style in it, or names another host', async () => {
  for (const path of ['/', '/docs', '/user/ada', '/nothing']) {
    const html = await (await get(path, { accept: 'text/html' })).text()
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(html).not.toMatch(
      /<style|style=|<script(?![^>]* src="\/)|onclick|(?:src|href)="(?!\/|#)/,
    )
  }
})

test('the welcome page tells how the first account is made until there is one', async () => {
  expect(await (await get('/')).text()).toContain(`${origin}/api/v1/user/initialize`)
  await transact(connection.db, (tx) =>
    insertUser(tx, {
      username: 'ada',
      email: 'ada@example.com',
      passwordHash: '-',
      isVerified: true,
      isSuperuser: false,
      tagExpirationSeconds: 0,
      at: new Date(),
    }),
  )
  const html = await (await get('/')).text()
  expect(html).not.toContain('/api/v1/user/initialize')
  expect(html).toContain(`docker login ${new URL(origin).host}\n`)
})

test('the welcome page escapes the title and the host', () => {
  const html = renderWelcome({
    registry: '<b>&"\'',
    baseUrl: 'http://"><script>',
    host: '"><script>',
    firstAccount: 'command-or-api',
    signUp: true,
  })
  expect(html).not.toContain('<script>')
  expect(html).not.toContain('<b>')
  expect(html).toContain('docker login &quot;&gt;&lt;script&gt;')
  expect(html).toContain('&lt;b&gt;&amp;&quot;&#39; is a container registry')
})

test('the welcome page asks for plain HTTP only where there is no TLS', () => {
  const welcome = (baseUrl: string) => {
    const { host } = new URL(baseUrl)
    const registry = 'Portolan'
    return renderWelcome({ registry, baseUrl, host, firstAccount: undefined, signUp: false })
  }
  expect(welcome('https://registry.example.com')).not.toMatch(/tls-verify|insecure-registries/)
  expect(welcome('http://registry.lan:8080')).toContain('insecure-registries')
  expect(welcome('http://localhost:8080')).toContain('podman login --tls-verify=false')
  expect(welcome('http://localhost:8080')).not.toContain('insecure-registries')
})

test('links of mails end at a page for the account, which tells nothing of the name in its address', async () => {
  const page = await get('/user/ada?tab=settings&action=password')
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(await (await get('/user/nobody')).text()).toBe(await page.text())
  expect((await get('/assets/account.js')).status).toBe(200)
})

test('the liveness probe of Quay is answered', async () => {
  const answer = await get('/_internal_ping')
  expect([answer.status, await answer.text()]).toEqual([200, 'true'])
})

test('an unknown address is a page to a browser and an error body to everybody else', async () => {
  for (const path of ['/nothing', '/docs/..%2fpackage.json', '/assets/nothing.css']) {
    const page = await get(path, { accept: 'text/html,*/*;q=0.8' })
    expect([page.status, page.headers.get('content-type')]).toEqual([
      404,
      'text/html; charset=utf-8',
    ])
    const refusal = await get(path)
    expect([refusal.status, await refusal.json()]).toMatchObject([404, { error_type: 'not_found' }])
  }
})

test('a method that changes something is refused where there are pages', async () => {
  const refused = await get('/docs', {}, 'POST')
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('HEAD gives the headers of GET and no body', async () => {
  for (const path of ['/', '/docs', '/openapi/v2.json', '/robots.txt', '/favicon.ico']) {
    const [head, whole] = [await get(path, {}, 'HEAD'), await get(path)]
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(whole.headers.get('content-length'))
    expect(await head.text()).toBe('')
  }
})

test('what has not changed since it was fetched is not sent again', async () => {
  for (const path of ['/openapi/v1.json', '/docs/swagger-ui-bundle.js', '/assets/compass.svg']) {
    const first = await get(path)
    expect(first.headers.get('cache-control')).toBe('no-cache')
    const etag = first.headers.get('etag')!
    const second = await get(path, { 'if-none-match': etag })
    expect([second.status, await second.text()]).toEqual([304, ''])
    expect(second.headers.get('etag')).toBe(etag)
    expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200)
  }
})

test('files are compressed as the client can take them, each form with its own ETag', async () => {
  const plain = await get('/assets/pages.css', { 'accept-encoding': 'identity' })
  const raw = await plain.text()
  const etags = new Set([plain.headers.get('etag')])
  for (const encoding of ['br', 'gzip', 'zstd']) {
    const packed = await get('/assets/pages.css', { 'accept-encoding': encoding })
    expect(packed.headers.get('content-encoding')).toBe(encoding)
    expect(packed.headers.get('vary')).toBe('Accept-Encoding')
    expect(Number(packed.headers.get('content-length'))).toBeLessThan(raw.length)
    expect(await packed.text()).toBe(raw)
    etags.add(packed.headers.get('etag'))
  }
  expect(etags.size).toBe(4)
})

test('the v1 document names the session cookie of this registry', async () => {
  const document = await (await get('/openapi/v1.json')).json()
  expect(document).toMatchObject({ components: { securitySchemes: { session: { name: 'ship' } } } })
})

test('metrics are text for Prometheus', async () => {
  const response = await get('/metrics')
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(await response.text()).toBe('up 1\n')
})

test('search engines are asked to read nothing but the pages for people', async () => {
  expect(await (await get('/robots.txt')).text()).toMatch(
    /Allow: \/\$\nAllow: \/docs\nDisallow: \/\n$/,
  )
})
