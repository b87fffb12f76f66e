import { open, rename } from 'node:fs/promises'

import type { Digest } from '#domain/digest.ts'
import { findFileSize, removeFile } from './file.ts'
import { blobFolders, blobPath, uploadPath, type Layout } from './filesystem-layout.ts'
import { syncFolder, type FolderMaker } from './sync.ts'
import { unknownUpload, wrongUploadSize } from './upload-id.ts'

/** What is asked of `BlobDriver.finishUpload`. */
export interface FinishedUpload {
  id: string
  digest: Digest
  sizeBytes: number
}

/**
 * Turns an upload's file into a blob's, in place of one that is there. The order is the promise: bytes synced,
 * name in place, folder synced.
 */
export async function finishUploadFile(
  layout: Layout,
  folders: FolderMaker,
  { id, digest, sizeBytes }: FinishedUpload,
): Promise<void> {
  const source = uploadPath(layout, id)
  const target = blobPath(layout, digest)
  const above = blobFolders(layout, digest)
  const actualBytes = await findFileSize(source)
  if (actualBytes === undefined) throw unknownUpload(id)
  if (actualBytes !== sizeBytes) throw wrongUploadSize(id, actualBytes, sizeBytes)
  try {
    for (const folder of above) await folders.make(folder)
    await syncUpload(source)
    await rename(source, target)
    await syncFolder(above[1])
  } catch (error) {
    for (const folder of above) folders.forget(folder)
    throw error
  }
}

/**
 * Syncs an upload's bytes. When that fails the upload goes: the kernel reports lost pages once, and a second
 * sync would call them durable.
 */
async function syncUpload(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.datasync()
  } catch (error) {
    await removeFile(path)
    throw error
  } finally {
    await handle.close()
  }
}
