import { RegistryError } from '#domain/errors.ts'
import type { TeamRole } from '#domain/access.ts'
import { parseTeamName } from '#domain/name.ts'
import type { UserActor } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import { deleteTeam, findTeam, insertTeam, updateTeam, type Team } from '#store/team.ts'
import type { Deps } from '#deps.ts'
import { holdOrganization } from './hold-organization.ts'
import { demandAdminLeft } from './last-admin.ts'
import { demandOwnAdmin } from './own-admin.ts'

/** A team, named by who changes it. */
export interface TeamOf {
  organization: NamespaceTarget
  name: string
  actor: UserActor
}

/**
 * Makes a team, or gives the one of this name another role and description (kept when undefined). Throws
 * `invalid_request` for a name that breaks the rule, and when the organization would be left without an administrator
 * or the caller would cease to be one.
 */
export async function saveTeam(
  { db, clock }: Deps,
  wanted: TeamOf & { role: TeamRole; description: string | undefined },
): Promise<Team & { isNew: boolean }> {
  const { organization, actor, name, role } = wanted
  const namespaceId = organization.id
  return transact(db, async (tx) => {
    await holdOrganization(tx, organization)
    const log = (kind: LogKind, metadata: object) =>
      writeLog(tx, {
        kind,
        actor,
        namespaceId,
        metadata: { team: name, ...metadata },
        at: clock.now(),
      })
    const before = await findTeam(tx, { namespaceId, name })
    if (!before) {
      const { description = '' } = wanted
      const made = await insertTeam(tx, {
        namespaceId,
        name: parseTeamName(name),
        role,
        description,
      })
      await log('org_create_team', {})
      return { ...made, isNew: true }
    }
    const { description = before.description } = wanted
    if (description !== before.description) {
      await updateTeam(tx, before.id, { description })
      await log('org_set_team_description', { description })
    }
    if (role !== before.role) {
      await demandAdmins(tx, { ...wanted, team: before })
      await updateTeam(tx, before.id, { role })
      await log('org_set_team_role', { role })
    }
    return { ...before, description, role, isNew: false }
  })
}

/**
 * Removes a team with everything that it was given. Throws `invalid_request` when there is none of this name, and when
 * the organization would be left without an administrator or the caller would cease to be one.
 */
export async function removeTeam({ db, clock }: Deps, wanted: TeamOf): Promise<void> {
  const { organization, actor, name } = wanted
  await transact(db, async (tx) => {
    await holdOrganization(tx, organization)
    const team = await findTeam(tx, { namespaceId: organization.id, name })
    if (!team) throw new RegistryError('invalid_request', `no team ${name} in ${organization.name}`)
    await demandAdmins(tx, { ...wanted, team })
    await deleteTeam(tx, team.id)
    const about = { namespaceId: organization.id, metadata: { team: name }, at: clock.now() }
    await writeLog(tx, { kind: 'org_delete_team', actor, ...about })
  })
}

async function demandAdmins(tx: Tx, { organization, actor, team }: TeamOf & { team: Team }) {
  if (team.role !== 'admin') return
  const loss = { namespaceId: organization.id, without: { teamId: team.id } }
  await demandOwnAdmin(tx, { ...loss, actor })
  await demandAdminLeft(tx, loss)
}
