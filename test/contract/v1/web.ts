import { makeCall } from '#test/support/client.ts'
import type { Fixtures } from '../fixture.ts'

/** What stands outside of `/api/v1`, or says what the registry can do. */
export const web: Fixtures = {
  'getRegistryCapabilities 200': () => ({}),
  'getErrorDescription 200': () => ({}),
  'getErrorDescription 404': (world) => ({ path: { error_type: world.name() } }),
  'getCsrfToken 200': () => ({}),
  // Only a session that somebody has signed in to is looked for.
  'getCsrfToken 503': (world) => ({ server: 'down', headers: world.as(world.people.keeper) }),
  'getUiConfig 200': () => ({}),
  'healthInstance 200': () => ({}),
  'healthInstanceAlias 200': () => ({}),
  'healthEndtoend 200': () => ({}),
  'healthEndtoendAlias 200': () => ({}),
  'listServicePublicKeys 200': () => ({}),
  async 'getServicePublicKey 200'(world) {
    const { json } = await makeCall(world.servers.main)('GET', '/keys/services/registry/keys')
    return { path: { kid: json.keys[0].kid } }
  },
  'getServicePublicKey 403': (world) => ({ server: 'bare', path: { kid: world.expiredKey } }),
  'getServicePublicKey 404': (world) => ({ path: { kid: world.name() } }),
}
