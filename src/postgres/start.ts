import assert from 'node:assert'
import { realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { chooseAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { ownName, prepareCluster } from './cluster.ts'
import { holdsLock } from './lock.ts'
import { clearOrphan, isPostgresOf, readPostmasterFile } from './postmaster-file.ts'
import { spawnPostmaster } from './postmaster.ts'
import { succeeds, type Account } from './run.ts'
import { postgresArguments } from './settings.ts'
import { clearSocketDirectory, makeSocketDirectory } from './socket-directory.ts'
import { supervise } from './supervise.ts'

/** How to reach a private PostgreSQL. */
export interface PostgresConnection {
  /** For pg: `postgresql://portolan@<socket directory, URL-encoded>/portolan`. */
  readonly connectionString: string
  readonly socketDirectory: string
  readonly database: string
  readonly user: string
}

/** A private PostgreSQL that this process runs. */
export interface PrivatePostgres extends PostgresConnection {
  /** Process of the moment: another one after a crash. */
  readonly pid: number
  /** Ends it in order; connections that are still open are cut off. */
  stop(): Promise<void>
}

/** What `startPostgres` needs. */
export interface PostgresOptions {
  /** The registry's data directory, locked by this process; the cluster lies in `postgres` below it. */
  dataDirectory: string
  /** Called with the reason when the server died under us; it is then started again. */
  onExit?: (reason: string) => void
  /** Takes the lines that an operator should see. */
  say?: (line: string) => void
  /** False for tests only: nothing is synced to disk. */
  durable?: boolean
}

/**
 * Runs the registry's own PostgreSQL: makes its cluster at first, recovers from whatever end the last run found, starts
 * the server again when it dies, and resolves when it accepts connections on its unix socket (it has no other door).
 */
export async function startPostgres(options: PostgresOptions): Promise<PrivatePostgres> {
  const { onExit = () => undefined, say = () => undefined, durable = true } = options
  const dataDirectory = await realpath(options.dataDirectory)
  assert(holdsLock(dataDirectory), 'lockDataDirectory comes before startPostgres')
  const directory = join(dataDirectory, 'postgres')
  const binaries = findBinaries()
  const account = await chooseAccount(binaries, dataDirectory, directory)
  await prepareCluster(binaries, account, directory, durable)
  const socketDirectory = await makeSocketDirectory(dataDirectory, account)
  const tied = await tieToParent(account)
  const words = [binaries.postgres, ...postgresArguments({ directory, socketDirectory, durable })]

  const server = await supervise(
    async () => {
      await clearOrphan(directory, say)
      await clearSocketDirectory(socketDirectory)
      return spawnPostmaster(tied, words, say)
    },
    { say, onExit },
  )
  return {
    ...connectionThrough(socketDirectory),
    get pid() {
      return server.pid
    },
    async stop() {
      await server.stop()
      await rm(socketDirectory, { recursive: true, force: true })
    },
  }
}

/**
 * Finds the private PostgreSQL that a running registry has started on the data directory, for commands beside it. One
 * that is just starting is waited for, up to ten seconds.
 */
export async function findPostgres(dataDirectory: string): Promise<PostgresConnection | undefined> {
  const directory = join(dataDirectory, 'postgres')
  for (let attempt = 0; attempt < 200; attempt++) {
    const file = await readPostmasterFile(directory)
    if (!file || !(await isPostgresOf(directory, file.pid))) return undefined
    if (file.ready) return connectionThrough(file.socketDirectory)
    await sleep(50)
  }
  return undefined
}

function connectionThrough(socketDirectory: string): PostgresConnection {
  const host = encodeURIComponent(socketDirectory)
  return {
    connectionString: `postgresql://${ownName}@${host}/${ownName}`,
    socketDirectory,
    database: ownName,
    user: ownName,
  }
}

/**
 * Lets the kernel stop PostgreSQL in order when this process dies. It must come after the user namespace, whose creation
 * clears the wish. Without util-linux the next start stops the orphan.
 */
async function tieToParent(account: Account): Promise<Account> {
  const tied = { ...account, prefix: [...account.prefix, 'setpriv', '--pdeathsig', 'INT'] }
  return (await succeeds(tied, ['true'])) ? tied : account
}
