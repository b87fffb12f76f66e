import { RegistryError } from '#domain/errors.ts'
import { lockApplication, type Application } from '#store/application.ts'
import type { Tx } from '#store/db.ts'

/** Gives an application of an organization and holds it until the transaction ends. Throws `not_found`. */
export async function holdApplication(
  tx: Tx,
  wanted: { namespaceId: number; clientId: string },
): Promise<Application> {
  return (await lockApplication(tx, wanted)) ?? missingApplication(wanted.clientId)
}

/** Throws `not_found`. */
export function missingApplication(clientId: string): never {
  throw new RegistryError('not_found', `no application ${clientId}`)
}
