import { opendir } from 'node:fs/promises'
import { join } from 'node:path'

import type { Digest } from '#domain/digest.ts'
import { guard, isErrno, storageFailure } from './failure.ts'
import { findFileSize } from './file.ts'
import { algorithmFolders, digestAt, type Layout } from './filesystem-layout.ts'
import { isUploadId } from './upload-id.ts'

/** Walks the blobs; see `BlobDriver.listBlobs`. Files that are no blobs are passed over. */
export async function* listBlobFiles(
  layout: Layout,
): AsyncIterable<{ digest: Digest; sizeBytes: number }> {
  for (const { algorithm, path } of algorithmFolders(layout)) {
    for await (const fanOut of listNames(path)) {
      for await (const name of listNames(join(path, fanOut))) {
        const digest = digestAt(algorithm, fanOut, name)
        const sizeBytes = digest && (await sizeOf(join(path, fanOut, name)))
        if (digest && sizeBytes !== undefined) yield { digest, sizeBytes }
      }
    }
  }
}

/** Walks the uploads; see `BlobDriver.listUploads`. */
export async function* listUploadFiles(
  layout: Layout,
): AsyncIterable<{ id: string; sizeBytes: number }> {
  for await (const id of listNames(layout.uploads)) {
    const sizeBytes = isUploadId(id) ? await sizeOf(join(layout.uploads, id)) : undefined
    if (sizeBytes !== undefined) yield { id, sizeBytes }
  }
}

/** What vanishes during the walk is passed over as well. */
function sizeOf(path: string): Promise<number | undefined> {
  return guard('list its files', () => findFileSize(path))
}

/** Names in a folder; none when it is not there (yet), or is a stray file. */
async function* listNames(path: string): AsyncIterable<string> {
  try {
    for await (const entry of await opendir(path)) yield entry.name
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return
    throw storageFailure('list its files', error)
  }
}
