import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { StoredBlob, StoredUpload } from './driver.ts'
import { isErrno, storageFailure } from './failure.ts'
import { algorithmFolders, digestAt, type Layout } from './filesystem-layout.ts'
import { isUploadId } from './upload-id.ts'

/**
 * Walks the blobs; see `BlobDriver.listBlobs`. Files that are no blobs are passed over. One folder of the
 * fan-out is in memory at a time: a 256th of the names.
 */
export async function* listBlobFiles(layout: Layout): AsyncIterable<StoredBlob> {
  for (const { algorithm, path } of algorithmFolders(layout)) {
    for (const fanOut of await listNames(path)) {
      for (const name of await listNames(join(path, fanOut))) {
        const digest = digestAt(algorithm, fanOut, name)
        const facts = digest && (await factsOf(join(path, fanOut, name)))
        if (digest && facts) yield { digest, ...facts }
      }
    }
  }
}

/** Walks the uploads; see `BlobDriver.listUploads`. */
export async function* listUploadFiles(layout: Layout): AsyncIterable<StoredUpload> {
  for (const id of await listNames(layout.uploads)) {
    const facts = isUploadId(id) ? await factsOf(join(layout.uploads, id)) : undefined
    if (facts) yield { id, ...facts }
  }
}

/** What vanishes during the walk is passed over as well. */
async function factsOf(path: string): Promise<{ sizeBytes: number; changedAt: Date } | undefined> {
  try {
    const { size, ctime } = await stat(path)
    return { sizeBytes: size, changedAt: ctime }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw storageFailure('list its files', error)
  }
}

/** Names in a folder, in byte order; none when it is not there (yet), or is a stray file. */
async function listNames(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort()
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return []
    throw storageFailure('list its files', error)
  }
}
