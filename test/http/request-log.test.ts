import { expect, test, vi } from 'vitest'
import { pino } from 'pino'

import { startServer } from '#test/support/server.ts'

test('the log holds paths, but no codes, no addresses of people and no queries', async () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const server = await startServer({}, { log })
  const secret = 'sesame'
  const email = `${secret}@example.com`
  const wanted = [
    ['PUT', `/api/v1/teaminvite/${secret}`],
    ['GET', `/api/v1/teaminvite/${secret}`],
    ['PUT', `/api/v1/teaminvite/${secret}/`],
    ['PUT', `/api/v1/organization/acme/team/crew/invite/${email}`],
    ['GET', `/api/v1/repository/acme/app/authorizedemail/${email}`],
    ['GET', `/confirm?code=${secret}`],
    ['GET', `/oauth/authorize?state=${secret}`],
    ['GET', `/v2/auth?service=${secret}`],
    ['GET', `/nowhere?code=${secret}`],
  ] as const
  for (const [method, path] of wanted) await server.call(method, path)
  const requests = () =>
    lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request')
  await vi.waitFor(() => expect(requests()).toHaveLength(wanted.length))
  expect(lines.join('')).not.toContain(secret)
  expect(requests().map(({ path }) => path)).toEqual([
    '/api/v1/teaminvite/{code}',
    '/api/v1/teaminvite/{code}',
    '/api/v1/teaminvite/{code}',
    '/api/v1/organization/acme/team/crew/invite/{email}',
    '/api/v1/repository/acme/app/authorizedemail/{email}',
    '/confirm',
    '/oauth/authorize',
    '/v2/auth',
    '/nowhere',
  ])
})
