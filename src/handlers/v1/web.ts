import { checkEndToEnd, checkInstance } from '#services/check-health.ts'
import { findPublicKey, listPublicKeys } from '#services/public-key.ts'
import { submitKey, withdrawKey } from '#services/submit-key.ts'
import { clientConfig } from '#config-client.ts'
import { version } from '#version.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'

/** Endpoints outside `/api/v1` that web pages and other services need. */
export const web: Handlers<
  | 'getCsrfToken'
  | 'getUiConfig'
  | 'healthInstance'
  | 'healthInstanceAlias'
  | 'healthEndtoend'
  | 'healthEndtoendAlias'
  | 'listServicePublicKeys'
  | 'getServicePublicKey'
  | 'putServicePublicKey'
  | 'deleteServicePublicKey'
> = {
  getCsrfToken({ session }) {
    return { status: 200, body: { csrf_token: session.csrfToken() } }
  },
  getUiConfig({ request }, { config }) {
    return {
      status: 200,
      body: {
        ...clientConfig(config, request),
        oauth: {},
        external_login: [],
        registry_state: 'normal',
        account_recovery_mode: false,
        version_number: version,
      },
    }
  },
  healthInstance: (_, deps) => reportInstance(deps),
  healthInstanceAlias: (_, deps) => reportInstance(deps),
  healthEndtoend: (_, deps) => reportEndToEnd(deps),
  healthEndtoendAlias: (_, deps) => reportEndToEnd(deps),
  async listServicePublicKeys({ params }, deps) {
    return { status: 200, body: { keys: await listPublicKeys(deps, params.service) } }
  },
  async getServicePublicKey({ params }, deps) {
    const { jwk, maxAgeSeconds } = await findPublicKey(deps, params)
    return { status: 200, headers: { 'Cache-Control': `max-age=${maxAgeSeconds}` }, body: jwk }
  },
  async putServicePublicKey({ target, body, query, actor }, deps) {
    const { expiration, rotation: rotationSeconds } = query
    const submission = { target, jwk: body, expiration, rotationSeconds, actor }
    return { status: (await submitKey(deps, submission)) ? 200 : 202 }
  },
  async deleteServicePublicKey({ target, actor }, deps) {
    await withdrawKey(deps, { target, actor })
    return { status: 204 }
  },
}

async function reportInstance(deps: Deps) {
  return report(await checkInstance(deps))
}

async function reportEndToEnd(deps: Deps) {
  return report(await checkEndToEnd(deps))
}

function report(services: Record<string, boolean>) {
  const isWell = Object.values(services).every(Boolean)
  const status = isWell ? (200 as const) : (503 as const)
  return { status, body: { data: { services }, status_code: status } }
}
