import { duration } from '#config-kinds.ts'
import { cleanUp, releaseAll } from '#services/clean-up.ts'
import type { ConfigOption } from './configuration.ts'
import { say } from './output.ts'
import { withStorage } from './storage.ts'
import { UsageError } from './usage-error.ts'

/** Options of `portolan clean-up`. */
export interface CleanUpOptions extends ConfigOption {
  grace: string
}

/** `portolan clean-up`: what the clean-up job does every ten minutes, now; and a walk through the whole storage. */
export async function cleanUpCommand(options: CleanUpOptions): Promise<void> {
  const graceSeconds = readGrace(options.grace)
  const removed = await withStorage(options, async (deps, isAlone) => {
    if (isAlone) await releaseAll(deps.db)
    return cleanUp(deps, { graceSeconds, withWalk: true })
  })
  if (!removed) throw new Error('a clean-up is under way already: wait until it is over')
  say(
    `removed: ${removed.uploads} expired uploads, bytes of ${removed.orphanedUploads} unknown uploads and ${removed.orphanedBlobs} unknown blobs, ${removed.accounts} accounts that nobody confirmed`,
  )
}

function readGrace(text: string): number {
  if (new RegExp(duration.schema['pattern'] as string).test(text)) return duration.parse(text)
  throw new UsageError(`--grace is ${duration.allowed}`)
}
