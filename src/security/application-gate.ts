import { namespaceRole } from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import type { ApplicationTarget, Target } from '#domain/target.ts'
import { isUuid } from '#domain/text.ts'
import { findTarget } from '#store/access.ts'
import { findOwnedApplication } from '#store/application.ts'
import { findAssignment } from '#store/oauth-assignment.ts'
import type { ValidatedCall } from './body-checks.ts'
import type { Entry } from './gate.ts'
import { refuse } from './refusal.ts'
import type { SecurityDeps } from './scheme.ts'
import { demandCsrf } from './session.ts'

/** What a call of the OAuth flow names. */
interface Named {
  client_id: string
  assignment_uuid?: string
}

/** The check `form-csrf`: a form of a page has the CSRF token in a field, a script has it in the header. */
export function demandFormCsrf({ body, source, target }: ValidatedCall): Target {
  const { _csrf_token: field } = (body ?? {}) as { _csrf_token?: string }
  demandCsrf(field ?? source.csrfHeader, source.csrfToken)
  return target
}

/** The check `oauth-client`, by the query. */
export function enterClient(
  { entry, query }: ValidatedCall,
  deps: SecurityDeps,
): Promise<ApplicationTarget> {
  return enterApplication(entry, query as Named, deps)
}

/** The check `oauth-consent`, by the form. */
export function enterConsent(call: ValidatedCall, deps: SecurityDeps): Promise<ApplicationTarget> {
  demandFormCsrf(call)
  return enterApplication(call.entry, call.body as Named, deps)
}

/** The check `oauth-administrator`, by the query: an assignment does not do. */
export function enterAdministered(
  call: ValidatedCall,
  deps: SecurityDeps,
): Promise<ApplicationTarget> {
  demandFormCsrf(call)
  return enterApplication(call.entry, { client_id: (call.query as Named).client_id }, deps)
}

/**
 * Lets in whoever administers the application's namespace, or was assigned a token of the application. What an
 * application is called anybody may know, so one that is missing is told to everybody.
 */
async function enterApplication(
  entry: Entry,
  named: Named,
  { db, config }: SecurityDeps,
): Promise<ApplicationTarget> {
  const { principal } = entry
  const found = await findOwnedApplication(db, named.client_id)
  if (!found) throw new RegistryError('not_found', `no application ${named.client_id.slice(0, 80)}`)
  if (principal.kind !== 'user') throw refuse(entry)
  const held = await findTarget(db, { namespace: found.namespace, name: '', userId: principal.id })
  const administers = held && namespaceRole(principal, held, config) === 'admin'
  const uuid = named.assignment_uuid
  const isAssigned =
    uuid !== undefined &&
    isUuid(uuid) &&
    (await findAssignment(db, { uuid, userId: principal.id, applicationId: found.id }))
  if (!administers && !isAssigned)
    throw refuse(entry, 'only administrators of its organization may authorize this application')
  return {
    kind: 'application',
    id: found.id,
    clientId: found.client_id,
    name: found.name,
    description: found.description,
    uri: found.application_uri,
    redirectUri: found.redirect_uri,
    avatarEmail: found.avatar_email,
    namespace: {
      id: found.namespace_id,
      name: found.namespace,
      isOrganization: found.namespace_kind === 'organization',
    },
  }
}
