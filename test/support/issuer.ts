import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import jwt from 'jsonwebtoken'

/** A key pair of an issuer. */
export interface IssuerPair {
  kid: string
  privateKey: KeyObject
  jwk: JsonWebKey
}

/** An OpenID Connect issuer on a loopback address; SSRF_ALLOWED_HOSTS must name `127.0.0.1`. */
export interface TestIssuer {
  /** `http://127.0.0.1:PORT`. */
  url: string
  /** Keys that it serves. A test may change them. */
  keys: IssuerPair[]
  /** Fields of its discovery document that a test wants otherwise. */
  discovery: Record<string, unknown>
  /** Paths that it was asked for. */
  asked: string[]
  /** Signs a token with its first key: for a minute, unless the claims say otherwise. */
  sign(claims: Record<string, unknown>, options?: jwt.SignOptions): string
  close(): void
}

/** Makes a key pair; RSA or one of the curves of ES256, ES384 and ES512. */
export function makePair(kid: string, kind: 'RSA' | 'P-256' | 'P-384' | 'P-521'): IssuerPair {
  const { publicKey, privateKey } =
    kind === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } }
}

/** Starts an issuer with one ES256 key, `first`. */
export async function startIssuer(): Promise<TestIssuer> {
  const asked: string[] = []
  const server = http.createServer(({ url = '' }, response) => {
    asked.push(url)
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/keys`,
        ...issuer.discovery,
      },
      '/keys': { keys: issuer.keys.map(({ jwk }) => jwk) },
    }
    const found = documents[url]
    response.writeHead(found ? 200 : 404).end(JSON.stringify(found ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys: [makePair('first', 'P-256')],
    discovery: {},
    asked,
    sign(claims, options = {}) {
      const { kid, privateKey } = issuer.keys[0]!
      const now = Math.floor(Date.now() / 1000)
      const all = { iss: issuer.url, iat: now, exp: now + 60, ...claims }
      const present = Object.fromEntries(
        Object.entries(all).filter(([, value]) => value !== undefined),
      )
      return jwt.sign(present, privateKey, { algorithm: 'ES256', keyid: kid, ...options })
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return issuer
}
