import { resolve } from 'node:path'

import type { BlobDriver } from './driver.ts'
import { guard, isErrno } from './failure.ts'
import { findFileSize, removeFile } from './file.ts'
import { finishUploadFile } from './filesystem-finish.ts'
import { probeFolder } from './filesystem-health.ts'
import { blobPath, layoutOf, uploadPath } from './filesystem-layout.ts'
import { listBlobFiles, listUploadFiles } from './filesystem-list.ts'
import { openFileReader } from './filesystem-reader.ts'
import { copyUploadFile, readUploadFile } from './filesystem-resume.ts'
import { openUploadFile } from './filesystem-upload.ts'
import { createFolderMaker, makeRootFolder } from './sync.ts'
import { unknownBlob } from './upload-id.ts'

/**
 * Blobs in a folder: `<root>/blobs/sha256/ab/<hex>` and `<root>/uploads/<id>`, on one file system, readable
 * by the owner alone. Several nodes may share it. Throws `unavailable` when the folder cannot be made.
 */
export async function openFilesystemDriver(root: string): Promise<BlobDriver> {
  const layout = layoutOf(resolve(root))
  const folders = createFolderMaker()
  await guard('make its folders', async () => {
    await makeRootFolder(layout.root)
    await Promise.all([folders.make(layout.blobs), folders.make(layout.uploads)])
  })
  return {
    openUpload: async (id, offset) => openUploadFile(uploadPath(layout, id), id, offset),
    readUpload: (id, length) => readUploadFile(layout, id, length),
    copyUpload: (id, copyId, length) =>
      guard('copy the upload', () => copyUploadFile(layout, { id, copyId, length })),
    finishUpload: (id, digest, sizeBytes) =>
      guard('keep the blob', () => finishUploadFile(layout, folders, { id, digest, sizeBytes })),
    removeUpload: async (id) =>
      guard('remove the upload', () => removeFile(uploadPath(layout, id))),
    findUploadSize: async (id) =>
      guard('look for the upload', () => findFileSize(uploadPath(layout, id))),
    findBlobSize: (digest) =>
      guard('look for the blob', () => findFileSize(blobPath(layout, digest))),
    openBlob: (digest) =>
      guard('open the blob', () => openBlobFile(blobPath(layout, digest), digest)),
    removeBlob: (digest) => guard('remove the blob', () => removeFile(blobPath(layout, digest))),
    listBlobs: () => listBlobFiles(layout),
    listUploads: () => listUploadFiles(layout),
    checkHealth: () => probeFolder(layout.uploads),
  }
}

async function openBlobFile(path: string, digest: string) {
  try {
    return await openFileReader(path)
  } catch (error) {
    throw isErrno(error, 'ENOENT') ? unknownBlob(digest) : error
  }
}
