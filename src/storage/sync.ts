import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

import { isErrno } from './failure.ts'

/** Makes the names in a folder durable. Nothing to do on file systems that cannot sync a folder (EINVAL). */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error
  } finally {
    await handle.close()
  }
}

/** Makes a folder and what is missing above it, all durable when it returns. */
export async function makeRootFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  const above = dirname(first)
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    await syncFolder(folder)
    if (folder === above) return
  }
}

/** The folders under a root, each made once and remembered. */
export interface FolderMaker {
  /**
   * Makes a folder whose name is durable when it returns, whoever made it: another request or another node
   * may have made it a moment ago and not have synced it yet, so the first use in a process always syncs.
   */
  make(path: string): Promise<void>
  /** Looks again next time, after a failure that a vanished folder may have caused. */
  forget(path: string): void
}

/** Remembers the folders that this process has made durable. */
export function createFolderMaker(): FolderMaker {
  const made = new Map<string, Promise<void>>()
  return {
    make(path) {
      const known = made.get(path)
      if (known) return known
      const making = makeFolder(path)
      made.set(path, making)
      making.catch(() => made.delete(path))
      return making
    },
    forget(path) {
      made.delete(path)
    },
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  }
  await syncFolder(dirname(path))
}
