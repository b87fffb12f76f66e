import { expect, test } from 'vitest'

import { startServer } from '#test/support/server.ts'

const path = '/api/v1/registry/capabilities'

test('getRegistryCapabilities tells what the registry can do', async () => {
  const server = await startServer()
  expect((await server.call('GET', path)).json).toEqual({
    sparse_manifests: {
      supported: false,
      required_architectures: [],
      optional_architectures_allowed: false,
    },
    mirror_architectures: ['amd64', 'arm64', 'ppc64le', 's390x'],
  })
})

test('getRegistryCapabilities follows the configuration, and is served to everybody', async () => {
  const server = await startServer({
    FEATURE_SPARSE_INDEX: 'true',
    FEATURE_ANONYMOUS_ACCESS: 'false',
  })
  expect((await server.call('GET', path)).json.sparse_manifests).toMatchObject({
    supported: true,
    optional_architectures_allowed: true,
  })
})
