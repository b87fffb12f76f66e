import assert from 'node:assert'
import { close, fstat, open, read, type BigIntStats } from 'node:fs'
import { promisify } from 'node:util'

import type { BlobReader } from './driver.ts'
import { storageFailure } from './failure.ts'

const openFile = promisify(open)
const closeFile = promisify(close)
const statFile = promisify(fstat)

/** Opens a file for reading at any position. Throws the operating system's error as it is. */
export async function openFileReader(path: string): Promise<BlobReader> {
  const file = await openFile(path, 'r')
  try {
    return new FileReader(file, await statFile(file, { bigint: true }))
  } catch (error) {
    await closeFile(file)
    throw error
  }
}

/** A descriptor and the callback API: on large blobs, `FileHandle` costs a quarter of the speed. */
class FileReader implements BlobReader {
  readonly sizeBytes: number
  /** The time of the last change (ctime) cannot be set back by whoever writes to the file. */
  readonly version: string
  readonly #file: number
  #closing: Promise<void> | undefined

  constructor(file: number, { size, ino, ctimeNs }: BigIntStats) {
    this.#file = file
    this.sizeBytes = Number(size)
    this.version = `${ino}-${size}-${ctimeNs}`
  }

  read(target: Uint8Array, position: number): Promise<number> {
    assert(!this.#closing, 'read after close')
    return new Promise((resolve, reject) => {
      read(this.#file, target, 0, target.byteLength, position, (error, count) => {
        if (error) reject(storageFailure('read the blob', error))
        else resolve(count)
      })
    })
  }

  /** A second call must not reach the descriptor: its number may be another file's by then. */
  close(): Promise<void> {
    this.#closing ??= closeFile(this.#file)
    return this.#closing
  }
}
