import type { Handlers } from '#operation.ts'

/** What this registry can do. */
export const capabilities: Handlers<'getRegistryCapabilities'> = {
  getRegistryCapabilities(_, { config }) {
    return {
      status: 200,
      body: {
        sparse_manifests: {
          supported: config.FEATURE_SPARSE_INDEX,
          required_architectures: [],
          optional_architectures_allowed: config.FEATURE_SPARSE_INDEX,
        },
        mirror_architectures: ['amd64', 'arm64', 'ppc64le', 's390x'],
      },
    }
  },
}
