import { hash, verify } from '@node-rs/argon2'

import { makeWorkQueue } from '#domain/work-queue.ts'

/** argon2id with the OWASP minimum: 19 MiB, 2 passes, 1 lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/**
 * A hash takes 19 MiB and a thread of the pool that reads and writes files too, and anybody can ask for one by
 * signing in. So two are at work at a time.
 */
const inTurn = makeWorkQueue({ atOnce: 2, waiting: 100 })

/** Hash for the database, in PHC form. Throws `unavailable` when too many wait for theirs. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost))
}

let decoy: Promise<string> | undefined

/**
 * True when the password fits. Without a stored hash (no such user, or one who signs in elsewhere) the work
 * of one verification is done all the same, so that the time taken tells nothing. Throws `unavailable` when too many
 * wait for theirs.
 */
export async function verifyPassword(
  password: string,
  stored: string | null | undefined,
): Promise<boolean> {
  // Made for whoever comes first, known or not: it costs a hash.
  const nobodys = await makeDecoy()
  const fits = await inTurn(() => verify(stored ?? nobodys, password))
  return fits && typeof stored === 'string'
}

/** A hash that no password fits; made once, and again if that failed. */
async function makeDecoy(): Promise<string> {
  try {
    return await (decoy ??= hashPassword('no account has this password'))
  } catch (error) {
    decoy = undefined
    throw error
  }
}
