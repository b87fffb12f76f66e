import type { Digest } from '#domain/digest.ts'
import { deleteExpiredCodes } from '#store/oauth-code.ts'
import { deleteOldMailCounts } from '#store/mail-budget.ts'
import { deleteExpiredMailCodes } from '#store/mail-code.ts'
import { deleteExpiredRefreshTokens } from '#store/refresh-token.ts'
import { deleteExpiredSessions } from '#store/session.ts'
import { deleteOldLoginFailures } from '#store/login-failure.ts'
import { releaseAllRemovals } from '#store/blob-removal.ts'
import type { Db } from '#store/db.ts'
import { exclusively } from '#store/exclusive.ts'
import { restartPurges } from '#store/job.ts'
import { releaseAllUploads } from '#store/upload-lease.ts'
import {
  firstUploadId,
  listBrokenFinishes,
  listExpiredUploads,
  type Upload,
} from '#store/upload.ts'
import type { StoredUpload } from '#storage/driver.ts'
import type { Deps } from '#deps.ts'
import { compareBlobs } from './check-blobs.ts'
import { listLeftovers } from './check-uploads.ts'
import { cleanUpCredentials } from './clean-up-credentials.ts'
import { endUpload, mendBrokenFinish } from './end-upload.ts'
import { pages } from './pages.ts'
import { endStalledRemovals, removeOrphan } from './remove-orphan.ts'
import { removeUnconfirmed, unconfirmedAccounts } from './remove-unconfirmed.ts'

type CleanUpDeps = Pick<Deps, 'db' | 'blobs' | 'clock' | 'log' | 'config'>

/** What a clean-up has removed. */
export interface Removed {
  accounts: number
  uploads: number
  orphanedUploads: number
  orphanedBlobs: number
}

/** Removals that are begun again at once; the next clean-up takes the others. */
const maxRestarts = 1_000

/** Bytes that no row names are left alone for so long, should they belong to a database that is not this one. */
const orphanGraceSeconds = 3_600

/**
 * Removes what has run out (sessions, tokens, keys of other services, codes in mails, accounts that were never confirmed, uploads with
 * their bytes) and what crashes have left behind, and begins removals again that were given up.
 * `withWalk` looks for bytes of blobs that no row names in the whole storage; without it, only where rows of uploads
 * say that they may lie, which is everywhere that a crash of ours can leave them. What fails keeps nothing else from
 * being done; it throws at the end. Undefined while another clean-up is under way.
 */
export function cleanUp(
  deps: CleanUpDeps,
  { graceSeconds = orphanGraceSeconds, withWalk = false } = {},
): Promise<Removed | undefined> {
  return exclusively(deps.db, 'clean-up', async () => {
    const steps = separately(deps)
    const removed = await removeAll(deps, steps, { graceSeconds, withWalk })
    if (Object.values(removed).some((count) => count > 0))
      deps.log.info(removed, 'the clean-up removed what has run out')
    steps.throwFailures()
    return removed
  })
}

async function removeAll(
  deps: CleanUpDeps,
  steps: Steps,
  { graceSeconds, withWalk }: { graceSeconds: number; withWalk: boolean },
): Promise<Removed> {
  const { db, clock } = deps
  const at = clock.now()
  const before = new Date(at.getTime() - graceSeconds * 1000)
  await steps.attempt(() => deleteExpiredSessions(db, at))
  await steps.attempt(() => deleteExpiredCodes(db, at))
  await steps.attempt(() => deleteExpiredRefreshTokens(db, at))
  await steps.attempt(() => cleanUpCredentials(deps))
  await steps.attempt(() => deleteExpiredMailCodes(db, at))
  await steps.attempt(() => deleteOldMailCounts(db, at))
  await steps.attempt(() => deleteOldLoginFailures(db, at))
  const expired = uploads((page) => listExpiredUploads(db, { at, ...page }))
  const broken = uploads((page) => listBrokenFinishes(db, { at, ...page }))
  const removed = {
    accounts: await steps.attemptEach(unconfirmedAccounts(deps), (account) =>
      removeUnconfirmed(deps, account),
    ),
    uploads: await steps.attemptEach(expired, (upload) => endUpload(deps, upload)),
    orphanedUploads: await steps.attemptEach(leftovers(deps, before), ({ id }) =>
      deps.blobs.removeUpload(id),
    ),
    orphanedBlobs: 0,
  }
  await steps.attemptEach(broken, (upload) => mendBrokenFinish(deps, upload))
  await steps.attempt(() => endStalledRemovals(deps))
  await steps.attempt(() => restartPurges(db, maxRestarts))
  if (withWalk)
    removed.orphanedBlobs = await steps.attemptEach(orphans(deps, before), (digest) =>
      removeOrphan(deps, digest),
    )
  return removed
}

type Steps = ReturnType<typeof separately>

/** Does things apart from each other: what fails is logged, and told at the end. */
function separately({ log }: CleanUpDeps) {
  const failures: unknown[] = []
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      log.warn({ err: error }, 'a step of the clean-up failed')
      failures.push(error)
      return undefined
    }
  }
  return {
    attempt,
    /** Gives for how many it was done; work that gives false has done nothing. */
    async attemptEach<T>(items: AsyncIterable<T>, work: (item: T) => Promise<boolean | void>) {
      let count = 0
      await attempt(async () => {
        for await (const item of items)
          await attempt(async () => {
            if ((await work(item)) !== false) count += 1
          })
      })
      return count
    },
    throwFailures() {
      const [first] = failures
      if (first === undefined) return
      const reason = first instanceof Error ? first.message : String(first)
      throw new AggregateError(failures, `the clean-up failed ${failures.length} times: ${reason}`)
    },
  }
}

/** Ends what others hold: only for the one process that owns the database, when it begins. They died with the last one. */
export async function releaseAll(db: Db): Promise<void> {
  await releaseAllUploads(db)
  await releaseAllRemovals(db)
}

/** Uploads of a list, page by page. */
function uploads(
  list: (page: { after: string; limit: number }) => Promise<Upload[]>,
): AsyncGenerator<Upload> {
  return pages<Upload>((last, limit) => list({ after: last?.id ?? firstUploadId, limit }))
}

/** Bytes of uploads that are over, last written before a time. */
async function* leftovers(deps: CleanUpDeps, before: Date): AsyncGenerator<StoredUpload> {
  for await (const found of listLeftovers(deps))
    for (const upload of found) if (upload.changedAt <= before) yield upload
}

/** Digests of bytes that no row names, last written before a time. */
async function* orphans(deps: CleanUpDeps, before: Date): AsyncGenerator<Digest> {
  for await (const { left: file, right: row } of compareBlobs(deps))
    if (file && !row && file.changedAt <= before) yield file.digest
}
