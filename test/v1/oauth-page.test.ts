import { expect, test } from 'vitest'

import { makeCall, outcome } from '#test/support/client.ts'
import { cookieOf, passwordOf } from '#test/support/server.ts'
import { asBrowser, callback, landing, sendForm, startBoard } from './oauth-fixture.ts'

test('the page names the application, its organization and the scopes, and holds no markup of theirs', async () => {
  const { ada, authorize, clientId, csrfToken } = await startBoard()
  const url = `/api/v1/organization/acme/applications/${clientId}`
  const body = { name: '<b>board</b>', redirect_uri: callback, application_uri: 'javascript:1' }
  await ada('PUT', url, { body })
  const answer = await authorize({ scope: 'repo:read org:admin', state: '"><script>' })
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const policy = answer.headers.get('content-security-policy')
  expect(policy).toContain("form-action 'self' https://board.example.com")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(answer.text).toContain('&lt;b&gt;board&lt;/b&gt;')
  expect(answer.text).toContain('acme')
  expect(answer.text).toContain('Far-reaching')
  expect(answer.text).toContain(`value="${csrfToken}"`)
  expect(answer.text).not.toMatch(/<script|<b>|href="javascript/)
})

test('the page is there as JSON', async () => {
  const { authorize, clientId, csrfToken } = await startBoard()
  const { json } = await authorize({ format: 'json', scope: 'repo:read org:admin' })
  expect(json).toMatchObject({
    scopes: [{ scope: 'repo:read' }, { scope: 'org:admin', dangerous: true }],
    has_dangerous_scopes: true,
    application: { name: 'board', organization: { name: 'acme' } },
    client_id: clientId,
    response_type: 'code',
    csrf_token_val: csrfToken,
    state: null,
  })
  expect(JSON.parse(json.application.avatar).kind).toBe('app')
})

test('nobody is sent to an address that is not registered', async () => {
  const { server, authorize, decide } = await startBoard()
  for (const redirect_uri of [
    'https://evil.example.com/callback',
    `${callback}/deeper`,
    `${callback}?x=1`,
    `${callback}.evil.example.com`,
    'https://board.example.com@evil.example.com/callback',
    'https://board.example.com/callback#x',
    'http://board.example.com/callback',
    `${server.url}/oauth/localapp`,
  ]) {
    const answers = [
      await authorize({ redirect_uri }),
      await authorize({ redirect_uri, scope: 'nothing' }),
      await decide('authorizeapp', { redirect_uri }),
      await decide('denyapp', { redirect_uri }),
    ]
    for (const { status, json, headers } of answers) {
      expect([status, json.error]).toEqual([400, 'invalid_request'])
      expect(headers.get('location')).toBeNull()
    }
  }
})

test('an address that is registered with a slash at its end stands for what is below', async () => {
  const { ada, authorize, clientId } = await startBoard()
  const body = { name: 'b', redirect_uri: 'https://b.example.com/in/', application_uri: '' }
  await ada('PUT', `/api/v1/organization/acme/applications/${clientId}`, { body })
  const ask = async (redirect_uri: string) => (await authorize({ redirect_uri })).status
  expect(await ask('https://b.example.com/in/')).toBe(200)
  expect(await ask('https://b.example.com/in/deep/er')).toBe(200)
  for (const path of ['../x', 'a/../../x', '%2e%2e/x', '/x', 'a@b', '..', 'a\\..\\x'])
    expect(await ask(`https://b.example.com/in/${path}`)).toBe(400)
})

test('only administrators of its organization may authorize an application', async () => {
  const { server, authorize, clientId, csrfToken } = await startBoard()
  const { call: bob } = await server.user('bob')
  expect(await outcome(authorize({}, bob))).toEqual([403, 'insufficient_scope'])
  const form = { client_id: clientId, redirect_uri: callback, scope: 'repo:read' }
  expect(await outcome(sendForm(bob, '/oauth/authorizeapp', form))).toEqual([
    403,
    'insufficient_scope',
  ])
  expect(await outcome(authorize({}, server.call))).toEqual([401, 'invalid_token'])
  const nobody = sendForm(server.call, '/oauth/authorizeapp', { ...form, _csrf_token: csrfToken })
  expect(await outcome(nobody)).toEqual([401, 'invalid_token'])
})

test('an application that is not there is not found', async () => {
  const { authorize, decide } = await startBoard()
  const client_id = 'nobody'
  expect(await outcome(authorize({ client_id }))).toEqual([404, 'not_found'])
  expect(await outcome(decide('authorizeapp', { client_id }))).toEqual([404, 'not_found'])
  expect(await outcome(decide('denyapp', { client_id }))).toEqual([404, 'not_found'])
})

test('a form needs the CSRF token of the session, in a field or in the header', async () => {
  const { browser, ada, clientId, decide } = await startBoard()
  const refused = [403, 'invalid_csrf_token']
  for (const path of ['authorizeapp', 'denyapp'] as const) {
    expect(await outcome(decide(path, { _csrf_token: '' }))).toEqual(refused)
    expect(await outcome(decide(path, { _csrf_token: 'another' }))).toEqual(refused)
    const form = { client_id: clientId, redirect_uri: callback, scope: 'repo:read' }
    expect(await outcome(sendForm(browser, `/oauth/${path}`, form))).toEqual(refused)
    expect((await sendForm(ada, `/oauth/${path}`, form)).status).toBe(302)
  }
})

test('a browser of nobody signs in and comes back', async () => {
  const { server, clientId } = await startBoard()
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: callback,
    scope: 'repo:read',
  })
  const path = `/oauth/authorize?${query}`
  const first = await server.call('GET', path, { headers: asBrowser })
  expect(first.status).toBe(302)
  const signin = landing(first)
  expect(signin.pathname).toBe('/signin')
  expect(signin.searchParams.get('next')).toBe(path)

  const page = await server.call('GET', signin.pathname + signin.search, { headers: asBrowser })
  const [, token = ''] = /name="_csrf_token" value="([^"]+)"/.exec(page.text) ?? []
  const browser = makeCall(server.url, () => ({ ...asBrowser, cookie: cookieOf(page.headers) }))
  const form = { username: 'ada', next: path, _csrf_token: token }
  const wrong = await sendForm(browser, '/signin', { ...form, password: 'wrong' })
  expect(landing(wrong).searchParams.get('refused')).toBe('credentials')
  server.clock.advance(10)
  const right = await sendForm(browser, '/signin', { ...form, password: passwordOf('ada') })
  expect([right.status, right.headers.get('location')]).toEqual([302, path])
  const cookie = cookieOf(right.headers)
  const consent = await server.call('GET', path, { headers: { ...asBrowser, cookie } })
  expect(consent.status).toBe(200)
  expect(consent.text).toContain('Authorize board')
})

test('signing in leads to no other registry, and not without the CSRF token', async () => {
  const { server, browser, csrfToken } = await startBoard()
  const form = { username: 'ada', password: passwordOf('ada'), _csrf_token: csrfToken }
  for (const next of [
    'https://evil.example.com',
    '//evil.example.com',
    '/\\evil.example.com',
    'x',
  ]) {
    const page = await server.call('GET', `/signin?${new URLSearchParams({ next })}`)
    expect(page.text).toContain('name="next" value="/"')
  }
  const answer = await sendForm(browser, '/signin', { ...form, next: '//evil.example.com' })
  expect(answer.headers.get('location')).toBe('/')
  const forged = sendForm(server.call, '/signin', form)
  expect(await outcome(forged)).toEqual([403, 'invalid_csrf_token'])
})

test('after many wrong passwords the page says to wait', async () => {
  const { server } = await startBoard()
  const page = await server.call('GET', '/signin')
  const [, token = ''] = /name="_csrf_token" value="([^"]+)"/.exec(page.text) ?? []
  const headers = { cookie: cookieOf(page.headers) }
  const form = { username: 'ada', password: 'wrong', _csrf_token: token }
  await sendForm(server.call, '/signin', form, headers)
  const again = await sendForm(server.call, '/signin', form, headers)
  expect(landing(again).searchParams.get('refused')).toBe('wait')
  const { pathname, search } = landing(again)
  expect((await server.call('GET', pathname + search)).text).toContain('role="alert"')
})

test('a browser is told in a page what is wrong', async () => {
  const { authorize, browser } = await startBoard()
  const call: typeof browser = (method, path) => browser(method, path, { headers: asBrowser })
  const answer = await authorize({ redirect_uri: 'https://evil.example.com' }, call)
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.text).toContain('is not the address that the application has registered')
  expect((await authorize({ client_id: 'nobody' }, call)).text).toContain('Nothing is here')
})

test('the page of the registry shows a token that is in the fragment', async () => {
  const { server, browser, decide } = await startBoard()
  const redirect_uri = `${server.url}/oauth/localapp`
  const url = landing(await decide('authorizeapp', { redirect_uri, response_type: 'token' }))
  expect(url.origin + url.pathname).toBe(redirect_uri)
  const page = await browser('GET', url.pathname + url.search)
  expect(page.text).toContain('/assets/local-token.js')
  const json = await browser('GET', '/oauth/localapp?format=json&access_token=abc')
  expect(json.json).toEqual({ access_token: 'abc' })
  expect(await outcome(server.call('GET', '/oauth/localapp'))).toEqual([401, 'invalid_token'])
  const denied = landing(await decide('denyapp', { redirect_uri, response_type: 'token' }))
  expect((await browser('GET', denied.pathname + denied.search)).text).toContain(
    'authorization_denied',
  )
})
