import assert from 'node:assert'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

import type { UploadSink } from './driver.ts'
import { guard, isErrno, storageFailure } from './failure.ts'
import { unknownUpload } from './upload-id.ts'
import { slotBytes, uploadSlots } from './upload-slot.ts'

/** Opens the file of an upload for writing at `offset` bytes; see `BlobDriver.openUpload`. */
export function openUploadFile(path: string, id: string, offset: number): Promise<UploadSink> {
  return guard('open the upload', async () => {
    const handle = await openAt(path, id, offset)
    try {
      const { size } = await handle.stat()
      if (size < offset) throw unknownUpload(id)
      if (size > offset) await handle.truncate(offset)
      return new FileUploadSink(handle, offset)
    } catch (error) {
      await handle.close()
      throw error
    }
  })
}

async function openAt(path: string, id: string, offset: number): Promise<FileHandle> {
  try {
    return await open(path, constants.O_WRONLY | (offset === 0 ? constants.O_CREAT : 0), 0o600)
  } catch (error) {
    if (offset > 0 && isErrno(error, 'ENOENT')) throw unknownUpload(id)
    throw error
  }
}

/**
 * Gathers chunks in a slot while the slot before it is being written. Slots end where the file position is a
 * multiple of their size, so every write but the first and the last is aligned.
 */
class FileUploadSink implements UploadSink {
  readonly #handle: FileHandle
  readonly #start: number
  /** File position of the first byte that has not been given to a write yet. */
  #position: number
  #slot: Buffer | undefined
  #filled = 0
  #writing: Promise<void> | undefined
  #failure: unknown
  #closing: Promise<void> | undefined

  constructor(handle: FileHandle, offset: number) {
    this.#handle = handle
    this.#start = offset
    this.#position = offset
  }

  async write(chunk: Uint8Array): Promise<void> {
    assert(!this.#closing, 'write after close')
    let rest = chunk
    while (rest.byteLength > 0) {
      this.#slot ??= uploadSlots.take()
      if (!this.#slot) return this.#writeThrough(rest)
      const room = slotBytes - (this.#position % slotBytes) - this.#filled
      const part = rest.byteLength <= room ? rest : rest.subarray(0, room)
      this.#slot.set(part, this.#filled)
      this.#filled += part.byteLength
      rest = rest.subarray(part.byteLength)
      if (part.byteLength === room) await this.#flush()
    }
    if (this.#failure) throw this.#failure
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  /** Waits for the write before and starts the next one; what goes wrong is thrown by a later call. */
  async #flush(): Promise<void> {
    await this.#settle()
    const slot = this.#slot
    if (!slot) return
    const bytes = slot.subarray(0, this.#filled)
    const position = this.#position
    this.#slot = undefined
    this.#filled = 0
    this.#position += bytes.byteLength
    this.#writing = this.#put(bytes, position).finally(() => uploadSlots.give(slot))
  }

  /** With every slot lent to other uploads, the chunk goes straight to the file. */
  async #writeThrough(chunk: Uint8Array): Promise<void> {
    await this.#settle()
    const position = this.#position
    this.#position += chunk.byteLength
    await this.#put(chunk, position)
    if (this.#failure) throw this.#failure
  }

  async #settle(): Promise<void> {
    await this.#writing
    this.#writing = undefined
    if (this.#failure) throw this.#failure
  }

  async #put(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.byteLength;) {
        const left = bytes.byteLength - done
        const { bytesWritten } = await this.#handle.write(bytes, done, left, position + done)
        done += bytesWritten
      }
    } catch (error) {
      this.#failure ??= storageFailure('write the upload', error)
    }
  }

  async #finish(): Promise<void> {
    try {
      if (this.#filled > 0 && !this.#failure) await this.#flush()
      await this.#settle()
    } catch (error) {
      await this.#rollBack()
      throw error
    } finally {
      if (this.#slot) uploadSlots.give(this.#slot)
      this.#slot = undefined
      await guard('close the upload', () => this.#handle.close())
    }
  }

  /** The caller counts nothing of a writer that failed, so its bytes go, and give their room back, now. */
  async #rollBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#start)
    } catch (error) {
      // Opening the upload again drops this tail too; the failure that led here is the one to tell.
      if (!isErrno(error)) throw error
    }
  }
}
