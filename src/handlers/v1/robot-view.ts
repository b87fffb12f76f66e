import { avatarOf } from '#domain/avatar.ts'
import { rfcDate } from '#domain/date.ts'
import type { MaybeWithHoldings, WithToken } from '#services/show-robots.ts'
import type { NewRobot } from '#services/create-robot.ts'
import type { RobotDetails } from '#store/robot-change.ts'
import type { ListedRobot, RobotGrant } from '#store/robot-list.ts'
import type { Config } from '#config.ts'

type Shown = Pick<Config, 'FEATURE_USER_LAST_ACCESSED'>

/** A robot as lists show it: its token, its teams and its repositories when they were asked for. */
export function viewRobot(
  robot: MaybeWithHoldings<WithToken<ListedRobot | RobotDetails>>,
  config: Shown,
) {
  const { last_used_at: lastUsed, teams, repositories } = robot
  return {
    name: robot.name,
    created: rfcDate(robot.created_at),
    last_accessed: lastUsed && config.FEATURE_USER_LAST_ACCESSED ? rfcDate(lastUsed) : null,
    description: robot.description,
    ...(robot.token === undefined ? {} : { token: robot.token }),
    ...(teams ? { teams: teams.map((name) => ({ name, avatar: avatarOf('team', name) })) } : {}),
    ...(repositories ? { repositories } : {}),
  }
}

/** A robot by itself, with what its owner keeps with it. */
export function viewOneRobot(robot: WithToken<RobotDetails>, config: Shown) {
  return { ...viewRobot(robot, config), unstructured_metadata: robot.unstructured_metadata }
}

/** A robot that was just made. */
export function viewNewRobot(
  { name, token, created_at }: NewRobot,
  wanted: { description: string; metadata: Record<string, unknown> },
) {
  return {
    name,
    created: rfcDate(created_at),
    last_accessed: null,
    description: wanted.description,
    token,
    unstructured_metadata: wanted.metadata,
  }
}

/** Roles that a robot was given itself. */
export function viewGrants(grants: RobotGrant[]) {
  return {
    permissions: grants.map(({ repository, is_public, role }) => ({
      repository: { name: repository, is_public },
      role,
    })),
  }
}
