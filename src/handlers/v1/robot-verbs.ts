import { maxListed } from '#domain/list-limit.ts'
import type { UserActor } from '#domain/principal.ts'
import type { FederationEntry } from '#domain/robot.ts'
import { endFederation, replaceFederation } from '#services/change-federation.ts'
import { deleteRobot, regenerateRobotToken } from '#services/change-robot.ts'
import { createRobot } from '#services/create-robot.ts'
import { showRobot, showRobots } from '#services/show-robots.ts'
import { listRobotGrants } from '#store/robot-list.ts'
import type { Deps } from '#deps.ts'
import { viewGrants, viewNewRobot, viewOneRobot, viewRobot } from './robot-view.ts'

/** A robot as a call names it: its owner's namespace, which the gate has let the caller into, and its short name. */
interface Named {
  ownerId: number
  shortName: string
}

/** The robots of a namespace; what is sent of each is the caller's to see. */
export async function list(
  deps: Deps,
  wanted: { ownerId: number; limit?: number | undefined; tokens: boolean; permissions: boolean },
) {
  const robots = await showRobots(deps, { ...wanted, limit: wanted.limit ?? maxListed })
  return {
    status: 200,
    body: { robots: robots.map((each) => viewRobot(each, deps.config)) },
  } as const
}

/** One robot. */
export async function show(deps: Deps, robot: Named & { tokens: boolean }) {
  return { status: 200, body: viewOneRobot(await showRobot(deps, robot), deps.config) } as const
}

/** Makes a robot; the body may be left out. */
export async function create(
  deps: Deps,
  named: Named & { actor: UserActor },
  body: { description?: string; unstructured_metadata?: Record<string, unknown> } | undefined,
) {
  const wanted = {
    description: body?.description ?? '',
    metadata: body?.unstructured_metadata ?? {},
  }
  const made = await createRobot(deps, { ...named, ...wanted })
  return { status: 201, body: viewNewRobot(made, wanted) } as const
}

/** Deletes a robot. */
export async function remove(deps: Deps, robot: Named & { actor: UserActor }) {
  await deleteRobot(deps, robot)
  return { status: 204 } as const
}

/** Gives a robot another token. */
export async function regenerate(deps: Deps, robot: Named & { actor: UserActor }) {
  const changed = await regenerateRobotToken(deps, robot)
  return { status: 200, body: viewRobot(changed, deps.config) } as const
}

/** Roles that a robot was given itself. */
export async function showGrants(deps: Deps, robot: Named) {
  const { id } = await showRobot(deps, { ...robot, tokens: false })
  const grants = await listRobotGrants(deps.db, { robotId: id, limit: maxListed })
  return { status: 200, body: viewGrants(grants) } as const
}

/** Whose tokens stand for a robot. */
export async function showFederation(deps: Deps, robot: Named) {
  const { federation } = await showRobot(deps, { ...robot, tokens: false })
  return { status: 200, body: federation } as const
}

/** Replaces whose tokens stand for a robot. */
export async function federate(
  deps: Deps,
  robot: Named & { actor: UserActor },
  body: FederationEntry[],
) {
  const federation = body.map(({ issuer, subject, audience }) => ({
    issuer,
    subject,
    ...(audience === undefined ? {} : { audience }),
  }))
  return { status: 200, body: await replaceFederation(deps, { ...robot, federation }) } as const
}

/** Lets no outside token stand for a robot. */
export async function defederate(deps: Deps, robot: Named & { actor: UserActor }) {
  await endFederation(deps, robot)
  return { status: 204 } as const
}
