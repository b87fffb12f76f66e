import { makeOAuthToken } from '#credentials/oauth-tokens.ts'
import type { TeamRole } from '#domain/access.ts'
import type { OAuthScope } from '#domain/principal.ts'
import type { RepositoryRole } from '#domain/target.ts'
import { findTarget } from '#store/access.ts'
import { transact } from '#store/db.ts'
import { insertApplicationToken } from '#store/application-token.ts'
import { insertApplication } from '#store/oauth.ts'
import { insertOrganization } from '#store/organization.ts'
import { grantRole } from '#store/repository.ts'
import { findAccountByName } from '#store/account.ts'
import { makeCall, type Call } from './client.ts'
import type { TestServer } from './server.ts'

/** A browser session, as `signIn` gives it. */
export interface TestSession {
  cookie: string
  csrfToken: string
}

/** Calls with a session; the CSRF token is put in where it is needed. */
export function withSession(server: TestServer, session: TestSession): Call {
  return makeCall(server.url, (method) => ({
    cookie: session.cookie,
    ...(method === 'GET' || method === 'HEAD' ? {} : { 'x-csrf-token': session.csrfToken }),
  }))
}

async function idOf(server: TestServer, username: string): Promise<number> {
  return (await findAccountByName(server.deps.db, username))!.id
}

/** Makes an OAuth token of a user, of an application `ci` in the user's namespace. */
export async function mintToken(
  server: TestServer,
  username: string,
  scopes: readonly OAuthScope[],
  { lifeSeconds = 3600 }: { lifeSeconds?: number } = {},
): Promise<string> {
  const userId = await idOf(server, username)
  const { token, namePart, secretHash } = makeOAuthToken()
  const at = server.clock.now()
  await transact(server.deps.db, async (tx) => {
    const clientId = `client-${namePart}`
    const applicationId = await insertApplication(tx, {
      namespaceId: userId,
      clientId,
      name: 'ci',
      at,
    })
    await insertApplicationToken(tx, {
      applicationId,
      userId,
      namePart,
      secretHash,
      scopes,
      at,
      expiresAt: new Date(at.getTime() + lifeSeconds * 1000),
    })
  })
  return token
}

/** Makes an organization with an owner, and a team for each further role, holding one user. */
export async function makeOrganization(
  server: TestServer,
  name: string,
  people: { admin: string } & Partial<Record<TeamRole, string>>,
): Promise<void> {
  const { admin, ...others } = people
  const ownerId = await idOf(server, admin)
  await transact(server.deps.db, async (tx) => {
    const at = server.clock.now()
    const made = await insertOrganization(tx, {
      name,
      ownerId,
      tagExpirationSeconds: server.deps.config.DEFAULT_TAG_EXPIRATION,
      at,
    })
    for (const [role, username] of Object.entries(others)) {
      const team = await tx
        .insertInto('team')
        .values({ namespace_id: made!, name: `${role}s`, role })
        .returning('id')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('team_member')
        .values({ team_id: team.id, user_id: await idOf(server, username) })
        .execute()
    }
  })
}

/** Gives a user a role on a repository. */
export async function grant(
  server: TestServer,
  fullName: string,
  username: string,
  role: RepositoryRole,
): Promise<void> {
  const [namespace = '', name = ''] = fullName.split('/')
  const found = await findTarget(server.deps.db, { namespace, name, userId: null })
  const userId = await idOf(server, username)
  await transact(server.deps.db, (tx) =>
    grantRole(tx, { repositoryId: found!.repository!.id, userId, role }),
  )
}

/** Takes an account out of use, or lets it back in. */
export async function setEnabled(server: TestServer, username: string, enabled: boolean) {
  await server.deps.db
    .updateTable('namespace')
    .set({ enabled })
    .where('name', '=', username)
    .execute()
}

/** An audit entry of a namespace. */
export interface AuditEntry {
  kind: string
  metadata: Record<string, unknown>
  performer: string | null
  address: string | null
}

/** Audit entries of a namespace, oldest first; only of one kind when it is given. */
export async function listAudit(
  server: TestServer,
  namespace: string,
  kind?: string,
): Promise<AuditEntry[]> {
  const entries = await server.deps.db
    .selectFrom('log_entry as l')
    .innerJoin('namespace as n', 'n.id', 'l.namespace_id')
    .leftJoin('namespace as p', 'p.id', 'l.performer_id')
    .select(['l.kind', 'l.metadata', 'p.name as performer', 'l.address'])
    .where('n.name', '=', namespace)
    .orderBy('l.id')
    .execute()
  return entries.filter((entry) => kind === undefined || entry.kind === kind) as AuditEntry[]
}
