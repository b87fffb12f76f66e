import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { giveTo } from './account.ts'
import type { Binaries } from './binaries.ts'
import { run, type Account } from './run.ts'

/** Name of the database, and of its owner, in the private cluster. */
export const ownName = 'portolan'

/**
 * Makes the cluster directory unless it is there, and hands it to the account. It is built beside its place and renamed
 * when complete and on disk, so that a start that is cut short leaves nothing behind that the next one could mistake for a cluster.
 */
export async function prepareCluster(
  binaries: Binaries,
  account: Account,
  directory: string,
  durable: boolean,
): Promise<void> {
  if (await isThere(join(directory, 'PG_VERSION'))) {
    const owner = await stat(directory)
    if (account.uid !== undefined && owner.uid !== account.uid) await giveTo(account, directory)
    return
  }
  if ((await readdir(directory).catch(() => [])).length > 0)
    throw new Error(`${directory} is neither empty nor a PostgreSQL cluster: move it away`)

  const draft = `${directory}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  await giveTo(account, draft)
  await fillCluster(binaries, account, draft, durable)
  await rename(draft, directory)
  if (durable) await syncDirectory(dirname(directory))
}

async function fillCluster(binaries: Binaries, account: Account, draft: string, durable: boolean) {
  const { initdb, postgres } = binaries
  const kind = ['-U', ownName, '-E', 'UTF8', '--locale=C', '--data-checksums', '--no-sync']
  // Whoever reaches the socket is let in: it lies in a directory that only its owner may enter.
  const login = ['--auth-local=trust', '--auth-host=reject']
  // Tests make and copy many clusters: log files of 1 MB in place of 16 halve them.
  const size = durable ? [] : ['--wal-segsize=1']
  await run(account, [initdb, '-D', draft, ...kind, ...login, ...size])
  // Single-user mode, as the packages bring no client and none is needed for this one statement.
  const single = [postgres, '--single', '-D', draft, '-c', 'fsync=off', 'template1']
  await run(account, single, `CREATE DATABASE ${ownName};\n`)
  if (durable) await run(account, [initdb, '-D', draft, '--sync-only'])
}

async function syncDirectory(path: string) {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function isThere(path: string) {
  return stat(path).then(
    () => true,
    () => false,
  )
}
