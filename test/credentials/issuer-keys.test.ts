import { expect, test } from 'vitest'

import { openIssuerKeys } from '#credentials/issuer-keys.ts'
import { RegistryError } from '#domain/errors.ts'
import { makePair } from '#test/support/issuer.ts'

const [ada, mal] = [1, 2]
const minute = 60_000

/** Issuers of which those whose name begins with `slow` do not answer before `goOn`. */
function openKeys() {
  const pair = makePair('first', 'P-256')
  const slow = Promise.withResolvers<void>()
  let nowMs = 0
  const keys = openIssuerKeys({
    clock: { now: () => new Date(nowMs) },
    outbound: {
      parseUrl() {
        throw new RegistryError('invalid_request', 'not asked for')
      },
      async fetchJson(url) {
        const issuer = new URL(url).origin
        if (issuer.startsWith('https://slow')) await slow.promise
        return url.endsWith('/keys') ? { keys: [pair.jwk] } : { issuer, jwks_uri: `${issuer}/keys` }
      },
    },
  })
  const find = (issuer: string, forId: number) => keys.find(`https://${issuer}`, 'first', forId)
  return { find, goOn: slow.resolve, advance: (ms: number) => (nowMs += ms) }
}

test('slow issuers of one namespace stand in nobody else’s way', async () => {
  const { find, goOn } = openKeys()
  const slow = Array.from({ length: 25 }, (_, index) => find(`slow${index}.example`, mal))
  const settled = Promise.allSettled(slow)
  expect(await find('quick.example', ada)).toBeDefined()
  goOn()
  const had = (await settled).filter(({ status }) => status === 'fulfilled')
  expect(had).toHaveLength(2)
  expect(await find('slow9.example', mal)).toBeDefined()
})

test('keys that were had before count for an hour more while there is no room to ask again', async () => {
  const { find, goOn, advance } = openKeys()
  expect(await find('quick.example', mal)).toBeDefined()
  advance(11 * minute)
  const slow = Promise.all([find('slow1.example', mal), find('slow2.example', mal)])
  expect(await find('quick.example', mal)).toBeDefined()
  advance(60 * minute)
  await expect(find('quick.example', mal)).rejects.toThrow('too many issuers')
  goOn()
  await slow
  expect(await find('quick.example', mal)).toBeDefined()
})
