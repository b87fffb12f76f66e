import { askForEmail } from '#services/authorize-email.ts'
import { requestRecovery } from '#services/recover-account.ts'
import { RegistryError } from '#domain/errors.ts'
import { findRepositoryEmail, type RepositoryEmail } from '#store/repository-email.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import type { Handlers } from '#operation.ts'

/** What has mails with links sent. */
export const mail: Handlers<
  'requestRecoveryEmail' | 'checkRepoEmailAuthorized' | 'sendAuthorizeRepoEmail'
> = {
  async requestRecoveryEmail({ body }, deps) {
    await requestRecovery(deps, { email: body.email })
    return { status: 200, body: { status: 'sent' } }
  },
  async checkRepoEmailAuthorized({ params, target }, { db }) {
    const found = await findRepositoryEmail(db, { repositoryId: target.id, email: params.email })
    if (!found)
      throw new RegistryError('not_found', `${params.email} was not asked for ${target.fullName}`)
    return { status: 200, body: viewEmail(target, found) }
  },
  async sendAuthorizeRepoEmail({ params, target, actor }, deps) {
    const asked = { repository: target, email: params.email, actor }
    return { status: 200, body: viewEmail(target, await askForEmail(deps, asked)) }
  },
}

function viewEmail({ name, namespace }: RepositoryTarget, found: RepositoryEmail) {
  const { email, isConfirmed } = found
  return { email, namespace: namespace.name, repository: name, confirmed: isConfirmed }
}
