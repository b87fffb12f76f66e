import { anyUserExists } from '#store/user.ts'
import type { Deps } from '#deps.ts'

/** Databases that are known to have a user. */
const inhabited = new WeakSet<Deps['db']>()

/** True while the registry has no user at all. Once there is one, the database is not asked again. */
export async function needsFirstUser({ db }: Pick<Deps, 'db'>): Promise<boolean> {
  if (inhabited.has(db)) return false
  if (!(await anyUserExists(db))) return true
  inhabited.add(db)
  return false
}
