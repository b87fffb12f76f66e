import { RegistryError } from '#domain/errors.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import type { Tx } from '#store/db.ts'
import { holdRepository } from '#store/repository.ts'

/** Keeps a repository from being deleted until the transaction ends. Throws `not_found` when it is on its way out. */
export async function demandRepository(
  tx: Tx,
  { id, fullName }: Pick<RepositoryTarget, 'id' | 'fullName'>,
): Promise<void> {
  if (!(await holdRepository(tx, id)))
    throw new RegistryError('not_found', `no repository ${fullName}`)
}
