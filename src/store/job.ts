import { sql } from 'kysely'

import type { MailKind } from '#domain/mail.ts'
import type { Db } from './db.ts'

/** Jobs and what each is told. */
export interface JobPayloads {
  'purge-repository': { repositoryId: number }
  /** `sealed`: the e-mail address that somebody has typed, under SECRET_KEY, in base64. */
  'recover-account': { sealed: string }
  /** `sealed`: the mail, under SECRET_KEY, in base64: it may hold a code. `validUntil`: ISO 8601; later it is not sent. */
  'send-mail': { kind: MailKind; sealed: string; validUntil?: string }
  'purge-namespace': { namespaceId: number }
}

/**
 * Attempts until a job is given up, where that is not graphile-worker's 25 (three days): it waits e^n seconds after
 * attempt n. Ten are three and a half hours.
 */
const maxAttempts: Partial<Record<keyof JobPayloads, number>> = { 'send-mail': 10 }

/** Jobs that wait for all others, because anybody can add them. */
const lowPriority = 10
const priorities: Partial<Record<keyof JobPayloads, number>> = { 'recover-account': lowPriority }

/** Of jobs that remove something, one waits for each thing. */
function keyOf(job: keyof JobPayloads, payload: JobPayloads[keyof JobPayloads]): string | null {
  if ('repositoryId' in payload) return `${job}:${payload.repositoryId}`
  return 'namespaceId' in payload ? `${job}:${payload.namespaceId}` : null
}

/**
 * Adds a job, for now or for later; in a transaction it exists only if the transaction holds. One that waits with the
 * same `key` is replaced, and keeps its turn.
 */
export async function addJob<J extends keyof JobPayloads>(
  db: Db,
  job: J,
  payload: JobPayloads[J],
  { runAt = null, key = keyOf(job, payload) }: { runAt?: Date | null; key?: string | null } = {},
): Promise<void> {
  await sql`select graphile_worker.add_job(${job}, ${JSON.stringify(payload)}::json,
    run_at => ${runAt}, priority => ${priorities[job] ?? 0},
    job_key => ${key}, job_key_mode => 'preserve_run_at', max_attempts => ${maxAttempts[job] ?? 25})`.execute(
    db,
  )
}

/**
 * Begins the removals again that were given up: of what is still marked for deletion and has no job. Gives how many. A
 * repository of a deleted namespace goes with it. Jobs without a key may be for anything: while there are any, it waits.
 */
export async function restartPurges(db: Db, limit: number): Promise<number> {
  const { rows } = await sql`
    with marked as (
      select 'purge-repository' as job, 'repositoryId' as field, r.id
      from repository r join namespace n on n.id = r.namespace_id
      where r.state = 'MARKED_FOR_DELETION' and n.deleted_at is null
      union all
      select 'purge-namespace', 'namespaceId', id from namespace where deleted_at is not null)
    select graphile_worker.add_job(job, json_build_object(field, id), job_key => job || ':' || id)
    from marked where not exists (
      select from graphile_worker.jobs j
      where (j.key = job || ':' || marked.id or j.key is null and j.task_identifier = job)
        and (j.attempts < j.max_attempts or j.locked_at is not null))
    limit ${limit}`.execute(db)
  return rows.length
}

/** Sets free the jobs of workers that were killed; graphile-worker waits four hours. Only for who runs alone. */
export async function freeJobs(db: Db): Promise<void> {
  await sql`select graphile_worker.force_unlock_workers(
    array(select distinct locked_by from graphile_worker.jobs where locked_by is not null))`.execute(
    db,
  )
}
