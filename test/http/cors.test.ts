import { expect, test } from 'vitest'

import { startServer } from '#test/support/server.ts'

test('a preflight is answered with the methods of the path and the CORS headers', async () => {
  const server = await startServer()
  for (const path of ['/api/v1/repository', '/v2/acme/nginx/manifests/latest']) {
    const response = await fetch(server.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://ui.example', 'access-control-request-method': 'GET' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('allow')).toContain('GET, HEAD')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
  }
})

test('a session is shown to origins that are named, never to all', async () => {
  const open = await startServer()
  const shut = await open.call('GET', '/csrf_token', { headers: { origin: 'https://ui.example' } })
  expect(shut.headers.get('access-control-allow-origin')).toBeNull()

  const named = await startServer({ CORS_ORIGIN: 'https://ui.example,https://b.example' })
  const answer = await named.call('GET', '/csrf_token', {
    headers: { origin: 'https://ui.example' },
  })
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://ui.example')
  expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
  expect(answer.headers.get('vary')).toContain('Origin')
  const stranger = await named.call('GET', '/csrf_token', {
    headers: { origin: 'https://evil.example' },
  })
  expect(stranger.headers.get('access-control-allow-origin')).toBeNull()
})

test('caches are told that the answer depends on the origin wherever one is named', async () => {
  const server = await startServer({ CORS_ORIGIN: '*,https://ui.example' })
  const answer = await server.call('GET', '/config')
  expect(answer.headers.get('vary')).toContain('Origin')
})

test('no page of another origin may make the first user', async () => {
  const server = await startServer()
  const preflight = await fetch(`${server.url}/api/v1/user/initialize`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  })
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
})
