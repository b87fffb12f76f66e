import {
  Logger,
  parseCronItems,
  run,
  type CronItem,
  type Runner,
  type RunnerOptions,
  type TaskList,
} from 'graphile-worker'

import { cleanUp } from '#services/clean-up.ts'
import { purgeNamespace } from '#services/purge-namespace.ts'
import { recoverAccount } from '#services/recover-account.ts'
import { purgeRepository } from '#services/purge-repository.ts'
import type { Connection } from '#store/db.ts'
import { freeJobs, type JobPayloads } from '#store/job.ts'
import type { Deps } from '#deps.ts'
import { sendMail } from './send-mail.ts'

/** Running background work. */
export interface Jobs {
  /** Lets the jobs under way end. */
  stop(): Promise<void>
}

/** Jobs that are done at once, of mail and of all others: a mail server that hangs keeps nothing else from being done. */
const concurrency = 2

/** Works off jobs, and once every ten minutes what time has made due. */
export async function startJobs(deps: Deps, pgPool: Connection['pool']): Promise<Jobs> {
  // A private PostgreSQL serves one process: whatever holds a job now was killed.
  if (deps.config.DATABASE_URL === undefined) await freeJobs(deps.db)
  const { 'send-mail': sending, ...others } = tasks(deps)
  const options: RunnerOptions = {
    pgPool,
    concurrency,
    noHandleSignals: true,
    pollInterval: 2_000,
    logger: new Logger(() => (level, message) => {
      if (level === 'error' || level === 'warning') deps.log.warn({ jobs: level }, message)
    }),
  }
  const runners: Runner[] = []
  const stop = async () => {
    await Promise.all(runners.map((runner) => runner.stop()))
  }
  try {
    runners.push(await run({ ...options, taskList: others, parsedCronItems: parseCronItems(due) }))
    runners.push(await run({ ...options, taskList: { 'send-mail': sending }, parsedCronItems: [] }))
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}

const due: CronItem[] = [
  {
    task: 'clean-up',
    match: '*/10 * * * *',
    // One that failed is not tried again before the next is due, and none wait in a row.
    options: { backfillPeriod: 0, maxAttempts: 1, jobKey: 'clean-up' },
  },
]

/** What each job does. */
export function tasks(deps: Deps) {
  return {
    'purge-repository': async (payload, { abortSignal }) => {
      const { repositoryId } = payload as JobPayloads['purge-repository']
      await purgeRepository(deps, repositoryId, abortSignal)
    },
    'recover-account': (payload) => recoverAccount(deps, payload as JobPayloads['recover-account']),
    'send-mail': (payload) => sendMail(deps, payload as JobPayloads['send-mail']),
    'purge-namespace': async (payload, { abortSignal }) => {
      const { namespaceId } = payload as JobPayloads['purge-namespace']
      await purgeNamespace(deps, namespaceId, abortSignal)
    },
    'clean-up': async () => {
      await cleanUp(deps)
    },
  } satisfies TaskList
}
