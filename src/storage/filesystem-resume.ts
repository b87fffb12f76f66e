import { constants } from 'node:fs'
import { copyFile, open, truncate, type FileHandle } from 'node:fs/promises'

import { isErrno, storageFailure } from './failure.ts'
import { findFileSize, removeFile } from './file.ts'
import { uploadPath, type Layout } from './filesystem-layout.ts'
import { unknownUpload } from './upload-id.ts'

const readBytes = 512 * 1024

/** Streams the first `length` bytes of an upload through one buffer; see `BlobDriver.readUpload`. */
export async function* readUploadFile(
  layout: Layout,
  id: string,
  length: number,
): AsyncIterable<Uint8Array> {
  const handle = await openForReading(uploadPath(layout, id), id)
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, length))
    for (let position = 0; position < length;) {
      const wanted = Math.min(buffer.length, length - position)
      const { bytesRead } = await handle.read(buffer, 0, wanted, position)
      if (bytesRead === 0) throw unknownUpload(id)
      yield buffer.subarray(0, bytesRead)
      position += bytesRead
    }
  } catch (error) {
    throw storageFailure('read the upload', error)
  } finally {
    await handle.close()
  }
}

/** Copies the first `length` bytes of an upload, by reference where the file system can. */
export async function copyUploadFile(
  layout: Layout,
  { id, copyId, length }: { id: string; copyId: string; length: number },
): Promise<void> {
  const source = uploadPath(layout, id)
  const target = uploadPath(layout, copyId)
  const sizeBytes = await findFileSize(source)
  if (sizeBytes === undefined || sizeBytes < length) throw unknownUpload(id)
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE)
    await truncate(target, length)
  } catch (error) {
    await removeFile(target)
    throw error
  }
}

async function openForReading(path: string, id: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (error) {
    throw isErrno(error, 'ENOENT') ? unknownUpload(id) : storageFailure('read the upload', error)
  }
}
