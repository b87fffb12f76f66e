import { describe, expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { repositories, startWithUser } from './request-fixture.ts'

describe('queries', () => {
  test('a parameter that is given twice is refused', async () => {
    const { call } = await startWithUser()
    for (const query of ['namespace=a&namespace=b', 'public=true&public=false'])
      expect(await outcome(call('GET', `${repositories}?${query}`))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('booleans are read as Quay reads them: all but a few words are true', async () => {
    const { server, call } = await startWithUser()
    const { url } = await server.repository('acme/nginx')
    const showsTags = async (value: string) =>
      'tags' in (await call('GET', `${url}?includeTags=${value}`)).json
    for (const value of ['false', 'False', 'FALSE', '0', '', 'null'])
      expect([value, await showsTags(value)]).toEqual([value, false])
    for (const value of ['true', 'True', '1', 'yes', 'no', 'fAlSe'])
      expect([value, await showsTags(value)]).toEqual([value, true])
  })
})
