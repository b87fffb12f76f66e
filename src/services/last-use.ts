import type { Clock } from '#domain/clock.ts'
import type { LastUse, UsedKind } from '#domain/last-use.ts'
import type { Db } from '#store/db.ts'
import { saveLastUses } from '#store/last-use.ts'
import type { Config } from '#config.ts'

/** Keeps last uses in memory and writes them from time to time, so that a request costs no write. */
export interface OpenLastUse extends LastUse {
  /** Writes the rest and ends the timer. */
  close(): Promise<void>
}

const flushMs = 30_000
/** Of each kind; with more of them in use the times of some come later. */
const maxPending = 50_000

/** Opens it; `onError` is told when the database does not take the times. */
export function openLastUse({
  db,
  clock,
  config,
  onError,
}: {
  db: Db
  clock: Clock
  config: Pick<Config, 'FEATURE_USER_LAST_ACCESSED'>
  onError: (error: unknown) => void
}): OpenLastUse {
  const pending: Record<UsedKind, Map<number, Date>> = {
    robot: new Map(),
    app_token: new Map(),
    oauth_token: new Map(),
  }

  async function flushKind(kind: UsedKind): Promise<void> {
    const uses = pending[kind]
    if (uses.size === 0) return
    pending[kind] = new Map()
    try {
      await saveLastUses(db, kind, uses)
    } catch (error) {
      pending[kind] = new Map([...uses, ...pending[kind]])
      onError(error)
    }
  }

  async function flush(): Promise<void> {
    for (const kind of Object.keys(pending) as UsedKind[]) await flushKind(kind)
  }

  const timer = setInterval(() => void flush(), flushMs).unref()
  return {
    record(kind, id) {
      if (kind === 'robot' && !config.FEATURE_USER_LAST_ACCESSED) return
      const uses = pending[kind]
      if (uses.size < maxPending || uses.has(id)) uses.set(id, clock.now())
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
