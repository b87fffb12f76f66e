import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** A data directory that this process has for itself. */
export interface DataDirectoryLock {
  release(): Promise<void>
}

/** SQLite's SQLITE_BUSY. */
const busy = 5
const attempts = 10
const held = new Set<string>()

/**
 * Takes a data directory, made if need be, for this process alone. Throws an Error that names the holder when another
 * process has it.
 *
 * The lock is a kernel lock on `<data>/lock`, which Node reaches only through SQLite: it belongs to the directory
 * whatever path leads there, two starters cannot both get it, and it ends with the process however that ends, so
 * nothing is ever stale. It also holds between containers that share the directory, where pids mean nothing. Nothing
 * else in this process may open that file: closing it would drop the lock (POSIX, `fcntl`).
 */
export async function lockDataDirectory(dataDirectory: string): Promise<DataDirectoryLock> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  const directory = await realpath(dataDirectory)
  const holder = join(directory, 'lock.pid')
  const database = await acquire(join(directory, 'lock'))
  if (!database)
    throw new Error(`${dataDirectory} is in use by another registry${await nameHolder(holder)}`)
  held.add(directory)
  await writeFile(holder, `${process.pid}\n`)
  return {
    async release() {
      if (!held.delete(directory)) return
      await rm(holder, { force: true })
      database.close()
    },
  }
}

/** True when this process holds the lock of the directory, given as its real path. */
export function holdsLock(directory: string): boolean {
  return held.has(directory)
}

/** Tries for a moment: two that start at once may hinder each other, and a holder may be on its way out. */
async function acquire(path: string) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const database = new DatabaseSync(path)
    try {
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
      return database
    } catch (failure) {
      database.close()
      if ((failure as { errcode?: number }).errcode !== busy)
        throw new Error(`cannot lock ${path}: the file system must support locks`, {
          cause: failure,
        })
    }
    await sleep(20 + Math.random() * 20)
  }
  return undefined
}

async function nameHolder(path: string) {
  const pid = await readFile(path, 'utf8').catch(() => '')
  return pid.trim() === '' ? '' : `, process ${pid.trim()}`
}
