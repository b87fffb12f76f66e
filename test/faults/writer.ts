import { checkStorage } from '#services/check-storage.ts'
import type { Digest } from '#domain/digest.ts'
import type { BlobDriver } from '#storage/driver.ts'
import type { Deps } from '#deps.ts'
import { collect } from '#test/storage/bytes.ts'
import type { Call } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'

/** Headers of a chunk. */
export const octetStream = { 'content-type': 'application/octet-stream' }
const scope = 'repository:ada/app:pull,push,delete'

/** A registry over a storage, and calls of somebody who may push to `ada/app`. */
export async function startWithWriter(blobs: BlobDriver) {
  const server = await startServer({}, { blobs })
  await server.user('ada')
  return { ...server, push: await server.registry('ada', scope) }
}

/** What `fsck --deep` says beside a running server. */
export function faultsOf({ clock, ...deps }: Deps): Promise<string[]> {
  return collect(checkStorage(deps, { deep: true, isAlone: false, at: () => clock.now() }))
}

/** A driver that does something else at one of its steps. */
export function altered(driver: BlobDriver, changes: Partial<BlobDriver>): BlobDriver {
  return { ...driver, ...changes }
}

/** Begins an upload; gives its address. */
export async function startUpload(push: Call): Promise<string> {
  return (await push('POST', '/v2/ada/app/blobs/uploads/')).headers.get('location')!
}

/** Ends an upload, with a last chunk or without. */
export const finish = (push: Call, location: string, digest: Digest, body?: Uint8Array) =>
  push('PUT', `${location}?digest=${digest}`, {
    headers: octetStream,
    ...(body ? { body } : {}),
  })
