import { randomBytes, randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

import { RegistryError } from '#domain/errors.ts'
import { isErrno } from './failure.ts'
import { removeFile } from './file.ts'

/** Writes, syncs, reads back and removes a small file in `folder`. Throws `unavailable` with the reason. */
export async function probeFolder(folder: string): Promise<void> {
  const path = join(folder, `.probe-${randomUUID()}`)
  try {
    await probeFile(path)
  } catch (error) {
    const reason = isErrno(error) ? error.code : 'what was read is not what was written'
    throw new RegistryError('unavailable', `the blob storage cannot be written: ${reason}`, {
      cause: error,
    })
  }
}

async function probeFile(path: string): Promise<void> {
  const handle = await open(path, 'wx+', 0o600)
  try {
    const written = randomBytes(4096)
    await handle.writeFile(written)
    await handle.datasync()
    const { buffer } = await handle.read(Buffer.alloc(written.length), 0, written.length, 0)
    if (!buffer.equals(written)) throw new Error('probe file reads back differently')
  } finally {
    await handle.close()
    await removeFile(path)
  }
}
