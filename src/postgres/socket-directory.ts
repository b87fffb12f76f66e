import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { useDatabaseUrl } from './binaries.ts'
import type { Account } from './run.ts'

/** What `sun_path` holds without its final zero (Linux 107, macOS and the BSDs 103), less the longest name put after the directory. */
const longestDirectoryBytes =
  (process.platform === 'linux' ? 107 : 103) - '/.s.PGSQL.5432.lock'.length
const socketFiles = ['.s.PGSQL.5432', '.s.PGSQL.5432.lock']

/**
 * Makes the short directory, closed to others, in which PostgreSQL opens its socket; its name follows from the data
 * directory. XDG_RUNTIME_DIR comes after /tmp because the system removes it when the user logs out, which a server outlives.
 */
export async function makeSocketDirectory(
  dataDirectory: string,
  account: Account,
): Promise<string> {
  const id = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16)
  const parents = [tmpdir(), '/tmp', process.env['XDG_RUNTIME_DIR'] ?? '', dataDirectory]
  const failures: unknown[] = []
  for (const parent of parents.filter((path) => path.startsWith('/')))
    try {
      return await makePrivate(join(parent, `portolan-${id}`), account)
    } catch (failure) {
      failures.push(failure)
    }
  throw new AggregateError(
    failures,
    `found no place for the socket of PostgreSQL (tried ${parents.join(', ')}): set TMPDIR to a short writable directory, or ${useDatabaseUrl}`,
  )
}

/**
 * Removes what a PostgreSQL that was killed left in its socket directory. PostgreSQL itself takes any living process
 * of the number in it for a rival, and so a dead one that nobody has waited for, which is common in containers.
 */
export async function clearSocketDirectory(path: string): Promise<void> {
  for (const file of socketFiles) await rm(join(path, file), { force: true })
}

async function makePrivate(wanted: string, account: Account) {
  const path = (await claim(wanted, account.uid)) ? wanted : await mkdtemp(`${wanted}-`)
  if (Buffer.byteLength(path) > longestDirectoryBytes)
    throw new Error(`${path} is too long for the address of a socket`)
  await chmod(path, 0o700)
  if (account.uid !== undefined && account.gid !== undefined)
    await chown(path, account.uid, account.gid)
  return path
}

/** True when the directory is new, or was ours before. In /tmp somebody else may have taken the name, or laid a link there. */
async function claim(path: string, accountUid: number | undefined) {
  try {
    await mkdir(path, { mode: 0o700 })
    return true
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'EEXIST') throw failure
    const found = await lstat(path)
    return found.isDirectory() && [process.getuid?.(), accountUid].includes(found.uid)
  }
}
