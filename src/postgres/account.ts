import { chmod, chown, lchown, readdir, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'

import { useDatabaseUrl, type Binaries } from './binaries.ts'
import { succeeds, type Account } from './run.ts'

const plain: Account = { prefix: [] }
/** In a user namespace without a mapping root is nobody to PostgreSQL, yet still owns root's files. */
const namespaced: Account = { prefix: ['unshare', '-U'] }
/** `nobody` on Linux. */
const lastResort = { prefix: [], uid: 65_534, gid: 65_534 }

/**
 * Decides under whom PostgreSQL runs, as it refuses root and users without a name. Ordinary users: themselves. Root: the
 * owner of the cluster or of the data directory; if that is root, root in a user namespace; where the kernel forbids
 * that (most containers), `nobody`, who is then given the cluster. Throws when none of them can reach data and programs.
 */
export async function chooseAccount(
  binaries: Binaries,
  dataDirectory: string,
  clusterDirectory: string,
): Promise<Account> {
  const candidates =
    process.getuid?.() === 0
      ? await accountsForRoot(dataDirectory, clusterDirectory)
      : [hasName() ? plain : namespaced]
  for (const account of candidates) {
    if (account === lastResort) await letIn(lastResort, dataDirectory)
    if (await canRun(account, binaries, dataDirectory)) return account
  }
  throw new Error(
    `PostgreSQL cannot run here: ${whyNot()} and needs to execute ${binaries.postgres} and to enter ${dataDirectory}; ${useDatabaseUrl}`,
  )
}

async function accountsForRoot(dataDirectory: string, clusterDirectory: string) {
  const cluster = await ownerOf(clusterDirectory)
  const owner = cluster ?? (await ownerOf(dataDirectory))
  const others = [namespaced, lastResort]
  return owner === undefined ? others : [{ prefix: [], ...owner }, ...others]
}

/** The owner of a path; undefined for root and for what is not there. */
async function ownerOf(path: string) {
  const found = await stat(path).catch(() => undefined)
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined
}

/** Runs the binary where it lies and looks into the data directory, as file modes above either may shut the account out. */
function canRun(account: Account, binaries: Binaries, dataDirectory: string) {
  const script = '"$1" --version && test -x "$2"'
  return succeeds(account, ['sh', '-c', script, 'sh', binaries.postgres, dataDirectory])
}

/** Lets the account's group pass through root's data directory, no more: what lies in it keeps its own modes. */
async function letIn(account: typeof lastResort, dataDirectory: string) {
  const { uid, mode } = await stat(dataDirectory)
  await chown(dataDirectory, uid, account.gid)
  await chmod(dataDirectory, (mode & 0o7777) | 0o010)
}

/** initdb looks its user up in /etc/passwd; containers are often run under a bare number. */
function hasName() {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

function whyNot() {
  if (process.getuid?.() === 0)
    return 'it refuses root, so it was tried under an owner, a user namespace and nobody,'
  return hasName() ? 'it runs under this user' : `user ${process.getuid?.()} has no name`
}

/** Gives a tree of files to the account. Root that stays root in its namespace needs nothing. */
export async function giveTo({ uid, gid }: Account, path: string): Promise<void> {
  if (uid === undefined || gid === undefined) return
  for (const entry of await readdir(path, { recursive: true }))
    await lchown(join(path, entry), uid, gid)
  await chown(path, uid, gid)
}
