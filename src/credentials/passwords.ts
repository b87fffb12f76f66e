import { hash, verify } from '@node-rs/argon2'

/** argon2id with the OWASP minimum: 19 MiB, 2 passes, 1 lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hash for the database, in PHC form. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost)
}

let decoy: Promise<string> | undefined

/**
 * True when the password fits. Without a stored hash (no such user, or one who signs in elsewhere) the work
 * of one verification is done all the same, so that the time taken tells nothing.
 */
export async function verifyPassword(
  password: string,
  stored: string | null | undefined,
): Promise<boolean> {
  const fits = await verify(stored ?? (await makeDecoy()), password)
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
