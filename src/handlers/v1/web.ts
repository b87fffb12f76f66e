import { rfcDate } from '#domain/date.ts'
import { RegistryError } from '#domain/errors.ts'
import { checkEndToEnd, checkInstance } from '#services/check-health.ts'
import { findSigningKey, listSigningKeys } from '#store/signing-key.ts'
import { clientConfig } from '#config.ts'
import { version } from '#version.ts'
import type { Handlers } from '#operation.ts'

interface PublicKey {
  kty: string
  kid: string
}

/** Endpoints outside `/api/v1` that web pages and other services need. */
export const web: Handlers<
  | 'getCsrfToken'
  | 'getUiConfig'
  | 'healthInstance'
  | 'healthEndtoend'
  | 'listServicePublicKeys'
  | 'getServicePublicKey'
> = {
  getCsrfToken({ session }) {
    return { status: 200, body: { csrf_token: session.csrfToken() } }
  },
  getUiConfig(_, { config }) {
    return {
      status: 200,
      body: {
        ...clientConfig(config),
        oauth: {},
        external_login: [],
        registry_state: 'normal',
        account_recovery_mode: false,
        version_number: version,
      },
    }
  },
  async healthInstance(_, deps) {
    return report(await checkInstance(deps))
  },
  async healthEndtoend(_, deps) {
    return report(await checkEndToEnd(deps))
  },
  async listServicePublicKeys({ params }, { db, clock }) {
    const keys = await listSigningKeys(db, { service: params.service, at: clock.now() })
    return { status: 200, body: { keys: keys.map((key) => key.public_jwk as PublicKey) } }
  },
  async getServicePublicKey({ params }, { db, clock }) {
    const key = await findSigningKey(db, params.kid)
    if (!key) throw new RegistryError('not_found', `no key ${params.kid}`)
    const lifeSeconds = Math.floor((key.expires_at.getTime() - clock.now().getTime()) / 1000)
    if (lifeSeconds <= 0)
      throw new RegistryError('denied', `the key expired on ${rfcDate(key.expires_at)}`)
    return {
      status: 200,
      headers: { 'Cache-Control': `max-age=${Math.min(86_400, lifeSeconds)}` },
      body: key.public_jwk as PublicKey,
    }
  },
}

function report(services: Record<string, boolean>) {
  const isWell = Object.values(services).every(Boolean)
  const status = isWell ? (200 as const) : (503 as const)
  return { status, body: { data: { services }, status_code: status } }
}
