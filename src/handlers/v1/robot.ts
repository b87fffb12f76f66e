import assert from 'node:assert'

import { exchangeRobotToken } from '#services/exchange-robot-token.ts'
import type { Handlers } from '#operation.ts'
import {
  create,
  defederate,
  federate,
  list,
  regenerate,
  remove,
  show,
  showFederation,
  showGrants,
} from './robot-verbs.ts'

/** Robots of the caller. */
export const userRobot: Handlers<
  | 'getUserRobots'
  | 'getUserRobot'
  | 'createUserRobot'
  | 'deleteUserRobot'
  | 'regenerateUserRobotToken'
  | 'getUserRobotPermissions'
  | 'getUserRobotFederation'
  | 'createUserRobotFederation'
  | 'deleteUserRobotFederation'
> = {
  getUserRobots({ query, actor }, deps) {
    const { limit, token: tokens = true, permissions = false } = query
    return list(deps, { ownerId: actor.id, limit, tokens, permissions })
  },
  getUserRobot: ({ params, actor }, deps) =>
    show(deps, { ownerId: actor.id, shortName: params.robot_shortname, tokens: true }),
  createUserRobot: ({ params, actor, body }, deps) =>
    create(deps, { ownerId: actor.id, shortName: params.robot_shortname, actor }, body),
  deleteUserRobot: ({ params, actor }, deps) =>
    remove(deps, { ownerId: actor.id, shortName: params.robot_shortname, actor }),
  regenerateUserRobotToken: ({ params, actor }, deps) =>
    regenerate(deps, { ownerId: actor.id, shortName: params.robot_shortname, actor }),
  getUserRobotPermissions: ({ params, actor }, deps) =>
    showGrants(deps, { ownerId: actor.id, shortName: params.robot_shortname }),
  getUserRobotFederation: ({ params, actor }, deps) =>
    showFederation(deps, { ownerId: actor.id, shortName: params.robot_shortname }),
  createUserRobotFederation: ({ params, actor, body }, deps) =>
    federate(deps, { ownerId: actor.id, shortName: params.robot_shortname, actor }, body),
  deleteUserRobotFederation: ({ params, actor }, deps) =>
    defederate(deps, { ownerId: actor.id, shortName: params.robot_shortname, actor }),
}

/** Robots of an organization. Tokens are for its administrators, not for those who may merely look. */
export const organizationRobot: Handlers<
  | 'getOrgRobots'
  | 'getOrgRobot'
  | 'createOrgRobot'
  | 'deleteOrgRobot'
  | 'regenerateOrgRobotToken'
  | 'getOrgRobotPermissions'
  | 'getOrgRobotFederation'
  | 'createOrgRobotFederation'
  | 'deleteOrgRobotFederation'
> = {
  getOrgRobots({ query, target }, deps) {
    const { limit, token = true, permissions = false } = query
    const isAdmin = target.role === 'admin'
    return list(deps, {
      ownerId: target.id,
      limit,
      tokens: token && isAdmin,
      permissions: permissions && (isAdmin || target.viewsAll),
    })
  },
  getOrgRobot: ({ params, target }, deps) =>
    show(deps, {
      ownerId: target.id,
      shortName: params.robot_shortname,
      tokens: target.role === 'admin',
    }),
  createOrgRobot: ({ params, target, actor, body }, deps) =>
    create(deps, { ownerId: target.id, shortName: params.robot_shortname, actor }, body),
  deleteOrgRobot: ({ params, target, actor }, deps) =>
    remove(deps, { ownerId: target.id, shortName: params.robot_shortname, actor }),
  regenerateOrgRobotToken: ({ params, target, actor }, deps) =>
    regenerate(deps, { ownerId: target.id, shortName: params.robot_shortname, actor }),
  getOrgRobotPermissions: ({ params, target }, deps) =>
    showGrants(deps, { ownerId: target.id, shortName: params.robot_shortname }),
  getOrgRobotFederation: ({ params, target }, deps) =>
    showFederation(deps, { ownerId: target.id, shortName: params.robot_shortname }),
  createOrgRobotFederation: ({ params, target, actor, body }, deps) =>
    federate(deps, { ownerId: target.id, shortName: params.robot_shortname, actor }, body),
  deleteOrgRobotFederation: ({ params, target, actor }, deps) =>
    defederate(deps, { ownerId: target.id, shortName: params.robot_shortname, actor }),
}

/** What robots do themselves. */
export const robot: Handlers<'robotFederationToken'> = {
  async robotFederationToken({ actor, request }, deps) {
    assert(actor.kind === 'robot', 'the scheme lets robots in only')
    return {
      status: 200,
      body: { token: await exchangeRobotToken(deps, { actor, host: request.host }) },
    }
  },
}
