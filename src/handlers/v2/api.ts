import type { Handlers } from '#operation.ts'

/** Does this host speak the protocol, and is the token good; and what it speaks beside it. */
export const api: Handlers<'checkApi' | 'discoverExtensions' | 'discoverRepositoryExtensions'> = {
  checkApi() {
    return {
      status: 200,
      headers: { 'Docker-Distribution-Api-Version': 'registry/2.0' },
      body: {},
    }
  },
  discoverExtensions() {
    return { status: 200, body: { extensions: [] } }
  },
  discoverRepositoryExtensions() {
    return { status: 200, body: { extensions: [] } }
  },
}
