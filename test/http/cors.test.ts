import { expect, test } from 'vitest'

import { readDocument } from '#http/api.ts'
import { startServer } from '#test/support/server.ts'

interface Parameter {
  in: string
  name: string
}

interface Operation {
  parameters?: (Parameter | { $ref: string })[]
  responses?: Record<string, { headers?: Record<string, unknown> }>
}

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

test('a page may send every header that the documents take, and read every one that they give', async () => {
  const server = await startServer()
  const { headers } = await server.call('GET', '/v2/')
  const listed = (name: string) => new Set(headers.get(name)?.toLowerCase().split(', '))
  // What the Fetch standard always lets through, and what is for the browser and not for its pages.
  const others = ['content-security-policy', 'pragma', 'referrer-policy']
  const safe = new Set(['cache-control', 'content-length', 'content-type', ...others])
  const { taken, given } = headersOfDocuments()
  expect([...taken].filter((name) => !listed('access-control-allow-headers').has(name))).toEqual([])
  const hidden = [...given].filter((name) => !listed('access-control-expose-headers').has(name))
  expect(hidden.filter((name) => !safe.has(name))).toEqual([])
})

/** Names of headers in lower case, over all operations of both documents. */
function headersOfDocuments() {
  const taken = new Set<string>()
  const given = new Set<string>()
  for (const { components, paths } of [readDocument('v1'), readDocument('v2')]) {
    const shared = components?.parameters as Record<string, Parameter>
    const items = Object.values(paths ?? {}) as Record<string, Operation>[]
    for (const { parameters = [], responses = {} } of items.flatMap((item) =>
      Object.values(item),
    )) {
      for (const each of parameters) {
        const { in: place, name } = '$ref' in each ? shared[each.$ref.split('/').at(-1)!]! : each
        if (place === 'header') taken.add(name.toLowerCase())
      }
      for (const { headers = {} } of Object.values(responses))
        for (const name of Object.keys(headers)) given.add(name.toLowerCase())
    }
  }
  return { taken, given }
}
