import { createPublicKey, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'

import type { Clock } from '#domain/clock.ts'
import type { Outbound } from '#outbound/outbound.ts'

/** A public key of an outside issuer. */
export interface IssuerKey {
  publicKey: KeyObject
  /** The one algorithm that the issuer uses it for, when it says so. */
  algorithm: string | undefined
}

/** Keys of OpenID Connect issuers, fetched when they are needed and kept for a short time. */
export interface IssuerKeys {
  /**
   * The key with this id; undefined when the issuer has none. Rejects when the keys cannot be had. `forId` is the
   * namespace whose robot it is for: whose issuers answer slowly stands in nobody else's way.
   */
  find(issuer: string, kid: string, forId: number): Promise<IssuerKey | undefined>
}

interface Fetched {
  keys: ReadonlyMap<string, IssuerKey>
  /** Until then the keys count: one that its issuer withdraws is trusted that long. */
  freshUntilMs: number
  /** The issuer is not asked again before. */
  quietUntilMs: number
}

const freshMs = 10 * 60_000
/** A key id that is not known yet may be new: the issuer is asked again, this often at most. */
const quietMs = 60_000
const quietAfterFailureMs = 10_000
const maxIssuers = 500
const maxFetches = 20
/** Of one namespace. */
const maxFetchesFor = 2
/** Keys that were had before count for so long more while there is no room to ask for them again. */
const staleMs = 60 * 60_000
const maxKeys = 100

/** Opens the keys of issuers; their documents come through `outbound`. */
export function openIssuerKeys({
  outbound,
  clock,
}: {
  outbound: Outbound
  clock: Clock
}): IssuerKeys {
  const cache = new LRUCache<string, Fetched>({ max: maxIssuers })
  const fetches = new Map<string, Promise<void>>()
  const fetchesFor = openCounts()

  async function fetchInto(issuer: string, forId: number): Promise<void> {
    fetchesFor.add(forId, 1)
    try {
      const keys = await fetchKeys(outbound, issuer)
      const nowMs = clock.now().getTime()
      cache.set(issuer, { keys, freshUntilMs: nowMs + freshMs, quietUntilMs: nowMs + quietMs })
    } catch (error) {
      const { keys = new Map(), freshUntilMs = 0 } = cache.get(issuer) ?? {}
      const quietUntilMs = clock.now().getTime() + quietAfterFailureMs
      cache.set(issuer, { keys, freshUntilMs, quietUntilMs })
      throw error
    } finally {
      fetches.delete(issuer)
      fetchesFor.add(forId, -1)
    }
  }

  return {
    async find(issuer, kid, forId) {
      const nowMs = clock.now().getTime()
      const known = cache.get(issuer)
      const isFresh = known !== undefined && known.freshUntilMs > nowMs
      const key = isFresh ? known.keys.get(kid) : undefined
      if (key) return key
      if (known && known.quietUntilMs > nowMs) {
        if (isFresh) return undefined
        throw new Error(`the keys of ${issuer} could not be had a moment ago`)
      }
      if (!fetches.has(issuer)) {
        if (fetches.size >= maxFetches || fetchesFor.of(forId) >= maxFetchesFor) {
          const stale = known && known.freshUntilMs + staleMs > nowMs && known.keys.get(kid)
          if (stale) return stale
          throw new Error('too many issuers are being asked')
        }
        fetches.set(issuer, fetchInto(issuer, forId))
      }
      await fetches.get(issuer)
      return cache.get(issuer)?.keys.get(kid)
    },
  }
}

/** Counts by id, of which zeros are not kept. */
function openCounts() {
  const counts = new Map<number, number>()
  const of = (id: number) => counts.get(id) ?? 0
  return {
    of,
    add(id: number, change: number) {
      const count = of(id) + change
      if (count === 0) counts.delete(id)
      else counts.set(id, count)
    },
  }
}

/** OpenID Connect Discovery 1.0, section 4: the document must name the issuer that was asked. */
async function fetchKeys(outbound: Outbound, issuer: string) {
  const base = issuer.replace(/\/$/, '')
  const discovery = await outbound.fetchJson(`${base}/.well-known/openid-configuration`)
  const { issuer: named, jwks_uri: keySet } = asObject(discovery)
  if (named !== issuer) throw new Error(`the document of ${issuer} is another issuer's`)
  if (typeof keySet !== 'string') throw new Error(`the document of ${issuer} names no keys`)
  const { keys } = asObject(await outbound.fetchJson(keySet))
  if (!Array.isArray(keys)) throw new Error(`${issuer} has no keys`)
  return new Map(keys.slice(0, maxKeys).flatMap((key) => readKey(asObject(key))))
}

/** RFC 7517; keys that do not sign, or that have no name, are left out. */
function readKey(jwk: Record<string, unknown>): [string, IssuerKey][] {
  const { kid, kty, use, alg } = jwk
  const signs = (kty === 'RSA' || kty === 'EC') && (use === undefined || use === 'sig')
  if (!signs || typeof kid !== 'string') return []
  const algorithm = typeof alg === 'string' ? alg : undefined
  try {
    return [[kid, { publicKey: createPublicKey({ key: jwk, format: 'jwk' }), algorithm }]]
  } catch {
    // A curve that Node does not know, or a broken key: the other keys are as good as before.
    return []
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
