import { mayCreateRepository } from '#domain/access.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { findTarget } from '#store/access.ts'
import type { Entry } from './gate.ts'
import { refuse } from './refusal.ts'
import type { SecurityDeps } from './scheme.ts'

/**
 * The check of `repo:create`, which needs the namespace that the body names (default: the caller's own).
 * A namespace that does not exist is refused like one that the caller may not use.
 */
export async function enterNamespace(
  entry: Entry,
  namespace: string | undefined,
  { db, config }: SecurityDeps,
): Promise<NamespaceTarget> {
  const { principal } = entry
  if (principal.kind === 'anonymous') throw refuse(entry)
  const found = await findTarget(db, {
    namespace: namespace ?? principal.username,
    name: '',
    userId: principal.id,
  })
  if (!found?.namespace.isEnabled || !mayCreateRepository(principal, found, config))
    throw refuse(entry)
  return found.namespace
}
