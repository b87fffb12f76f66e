import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The registry's own SECRET_KEY, kept in `<dataDirectory>/secret-key` (readable by the owner only) and made at
 * the first call; the folder is made too. Processes that start at the same moment get the same key, and a key
 * that was returned survives a crash: without it, what is sealed in the database is lost.
 */
export async function ensureSecretKey(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, 'secret-key')
  const found = await readKey(path)
  if (found !== undefined) return found
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  await makeKey(dataDirectory, path)
  const made = await readKey(path)
  if (made === undefined) throw new Error(`${path} vanished while it was made`)
  return made
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const key = (await readFile(path, 'utf8')).trim()
    if (key.length >= 16) return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  throw new Error(
    `${path} is damaged: bring it back from a backup; what is sealed in the database needs that key`,
  )
}

/**
 * Written beside its place and linked into it: the link fails when another process was first, and nobody
 * ever reads half a key.
 */
async function makeKey(dataDirectory: string, path: string): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
    await file.sync()
    await file.close()
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await file.close()
    await unlink(draft)
  }
  await syncDirectory(dataDirectory)
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
