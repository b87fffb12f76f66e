import { row, type Flag, type OperationClass } from './class.ts'
import { v2 } from './classes-v2.ts'

const web = (features: readonly string[] = []) =>
  row('none', '-', '-', 'no', ['anon_allowed'], features)
const tagWrite = (permission = 'repo:write') =>
  row(permission, 'full-access', 'no', 'no', [
    '503_if_repo_not_NORMAL',
    '403_in_restricted_user_ns',
  ])

const orgRobotWrite = () =>
  row('org admin', 'full-access', 'no', 'no', ['user_namespace', '403_in_restricted_user_ns'])
const orgAdminGet = (...flags: Flag[]) => row('org admin', 'full-access', 'yes', 'no', flags)
const orgAdmin = (freshLogin: 'yes' | 'no' = 'no', features: readonly string[] = []) =>
  row('org admin', 'full-access', 'no', freshLogin, [], features)
const self = (freshLogin: 'yes' | 'no' = 'no', features: readonly string[] = []) =>
  row('user:admin', 'no', 'no', freshLogin, [], features)
const ownRobotWrite = () => row('user:admin', 'no', 'no', 'no', ['not_for_restricted_users'])
const appTokens = ['FEATURE_APP_SPECIFIC_TOKENS']
const superusers = ['FEATURE_SUPER_USERS']
const superGet = (freshLogin: 'yes' | 'no' = 'yes', features = superusers) =>
  row('superuser or global readonly superuser', 'no', 'yes', freshLogin, [], features)
const superWrite = (features = superusers) => row('superuser', 'no', 'no', 'yes', [], features)
const mailing = ['FEATURE_MAILING']

const v1: Record<string, OperationClass> = {
  createOrganization: row(
    'user:admin (self); superuser when SUPERUSERS_ORG_CREATION_ONLY',
    'no',
    'no',
    'no',
    ['not_for_restricted_users'],
  ),
  getOrganization: row('anonymous (more fields for members, admins, superusers)', '-', '-'),
  changeOrganizationDetails: orgAdmin(),
  deleteAdminedOrganization: orgAdmin('yes'),
  getOrganizationCollaborators: orgAdminGet(),
  getOrganizationMembers: orgAdminGet(),
  getOrganizationMember: orgAdminGet(),
  removeOrganizationMember: orgAdmin(),
  getApplicationInformation: row('anonymous', '-', '-'),
  getOrganizationApplications: orgAdminGet(),
  createOrganizationApplication: orgAdmin(),
  getOrganizationApplication: orgAdminGet(),
  updateOrganizationApplication: orgAdmin(),
  deleteOrganizationApplication: orgAdmin(),
  resetOrganizationApplicationClientSecret: orgAdmin(),
  listOrganizationApplicationTokens: orgAdminGet(),
  createOrganizationApplicationToken: orgAdmin(),
  deleteOrganizationApplicationToken: orgAdmin(),

  updateOrganizationTeam: orgAdmin(),
  deleteOrganizationTeam: orgAdmin(),
  inviteTeamMemberEmail: orgAdmin('no', mailing),
  deleteTeamMemberEmailInvite: orgAdmin('no', mailing),
  getOrganizationTeamMembers: row('team member (any role) or org admin', 'full-access', 'yes'),
  updateOrganizationTeamMember: orgAdmin(),
  deleteOrganizationTeamMember: orgAdmin(),
  getOrganizationTeamPermissions: orgAdminGet(),
  acceptOrganizationTeamInvite: self('no', mailing),
  declineOrganizationTeamInvite: self('no', mailing),

  listRepoTeamPermissions: row('repo:admin', 'full-access', 'yes'),
  getTeamPermissions: row('repo:admin', 'full-access', 'yes'),
  changeTeamPermissions: row('repo:admin', 'full-access', 'no'),
  deleteTeamPermissions: row('repo:admin', 'full-access', 'no'),
  listRepoUserPermissions: row('repo:admin', 'full-access', 'yes'),
  getUserPermissions: row('repo:admin', 'full-access', 'yes'),
  changeUserPermissions: row('repo:admin', 'full-access', 'no'),
  deleteUserPermissions: row('repo:admin', 'full-access', 'no'),
  getUserTransitivePermission: row('repo:admin', 'full-access', 'yes'),

  getOrganizationPrototypePermissions: orgAdminGet(),
  createOrganizationPrototypePermission: orgAdmin(),
  updateOrganizationPrototypePermission: orgAdmin(),
  deleteOrganizationPrototypePermission: orgAdmin(),

  getOrgRobots: row('org member', 'full-access', 'yes', 'no', ['user_namespace']),
  getOrgRobot: orgAdminGet('user_namespace'),
  createOrgRobot: orgRobotWrite(),
  deleteOrgRobot: orgRobotWrite(),
  getOrgRobotFederation: orgAdminGet('user_namespace'),
  createOrgRobotFederation: orgRobotWrite(),
  deleteOrgRobotFederation: orgRobotWrite(),
  // The table names user:admin of the caller too; the right on the organization decides.
  getOrgRobotPermissions: orgAdminGet('user_namespace'),
  regenerateOrgRobotToken: orgRobotWrite(),
  getUserRobots: self(),
  getUserRobot: self(),
  createUserRobot: ownRobotWrite(),
  deleteUserRobot: ownRobotWrite(),
  getUserRobotFederation: self(),
  createUserRobotFederation: ownRobotWrite(),
  deleteUserRobotFederation: ownRobotWrite(),
  getUserRobotPermissions: self(),
  regenerateUserRobotToken: ownRobotWrite(),

  listAppTokens: self('no', appTokens),
  createAppToken: self('yes', appTokens),
  getAppToken: self('yes', appTokens),
  revokeAppToken: self('yes', appTokens),
  listAllAppTokens: row(
    'superuser with full access, or global readonly superuser',
    'full-access',
    'yes',
    'yes',
    [],
    [...appTokens, ...superusers],
  ),

  deleteCurrentUser: self('yes'),
  // Stricter than Quay, which asks for user:admin alone: whoever may not create an organization must not turn into one,
  // and an old session must not do for good what deleteCurrentUser asks a fresh one for.
  convertUserToOrganization: row(
    'user:admin (self); superuser when SUPERUSERS_ORG_CREATION_ONLY',
    'no',
    'no',
    'yes',
    ['not_for_restricted_users'],
  ),
  requestRecoveryEmail: row('anonymous', '-', '-', 'no', ['anon_allowed', 'csrf'], mailing),
  listUserNotifications: self(),
  getUserNotification: self(),
  updateUserNotification: self(),
  listUserAuthorizations: self(),
  getUserAuthorization: self(),
  deleteUserAuthorization: self(),
  listAssignedAuthorizations: self('no', ['FEATURE_ASSIGN_OAUTH_TOKEN']),
  deleteAssignedAuthorization: self('no', ['FEATURE_ASSIGN_OAUTH_TOKEN']),
  listStarredRepos: self(),
  createStar: row('user:admin, and a repository that is readable', 'no', 'no'),
  deleteStar: self(),

  listAllUsers: superGet(),
  createInstallUser: superWrite(),
  getInstallUser: superGet(),
  changeInstallUser: superWrite(),
  deleteInstallUser: superWrite(),
  sendInstallUserRecoveryEmail: superWrite([...superusers, ...mailing]),
  listAllOrganizations: superGet(),
  changeOrganization: superWrite(),
  deleteOrganization: superWrite(),
  takeOwnership: superWrite(),
  listServiceKeys: superGet('no'),
  getServiceKey: superGet('no'),
  createServiceKey: superWrite(),
  updateServiceKey: superWrite(),
  deleteServiceKey: superWrite(),
  approveServiceKey: superWrite(),
  // Without FEATURE_SUPERUSER_CONFIGDUMP it answers 403, which its own test shows.
  getSuperUserConfig: superGet(),
  putServicePublicKey: row('a token signed by a service key', '-', '-', 'no', ['anon_allowed']),
  deleteServicePublicKey: row('a token signed by a service key', '-', '-', 'no', ['anon_allowed']),
  getGlobalMessages: row('anonymous', '-', '-'),
  createGlobalMessage: superWrite(),
  deleteGlobalMessage: superWrite(),
  getMatchingEntities: row('anonymous', '-', '-'),

  confirmEmail: web(mailing),
  confirmRecovery: web(mailing),
  confirmRepoEmail: web(mailing),
  showInvitePage: web(mailing),
  answerInviteOnPage: row('signed in', '-', '-', 'no', ['session_only', 'form_csrf'], mailing),
  confirmEmailOnPage: web(mailing),
  confirmRecoveryOnPage: web(mailing),
  confirmRepoEmailOnPage: web(mailing),
  // Who administers the application, or was assigned a token of it, is asked when the query has been validated.
  oauthAuthorize: row('signed in', '-', '-'),
  oauthAuthorizeApp: row('signed in', '-', '-', 'no', ['session_only', 'form_csrf']),
  oauthDenyApp: row('signed in', '-', '-', 'no', ['session_only', 'form_csrf']),
  oauthAssignUser: row(
    'signed in',
    '-',
    '-',
    'no',
    ['session_only', 'form_csrf'],
    ['FEATURE_ASSIGN_OAUTH_TOKEN'],
  ),
  oauthAccessToken: web(),
  oauthLocalHandler: row('signed in', '-', '-', 'no', ['session_only']),
  showSigninPage: web(['FEATURE_DIRECT_LOGIN']),
  signinOnPage: web(['FEATURE_DIRECT_LOGIN']),
  robotFederationToken: row("a token of a robot's issuer", '-', '-', 'no', ['anon_allowed']),
  checkRepoEmailAuthorized: row('repo:admin', 'full-access', 'yes', 'no', [], mailing),
  sendAuthorizeRepoEmail: row('repo:admin', 'full-access', 'no', 'no', [], mailing),

  getRegistryCapabilities: row('anonymous', '-', '-', 'no', ['anon_allowed']),
  getErrorDescription: row('anonymous', '-', '-'),

  getRepoManifest: row('repo:read', 'full-access', 'yes'),
  listRepos: row('anonymous (results filtered by visibility)', '-', 'sees all'),
  createRepo: row('org creator-or-admin, or own namespace', 'full-access', 'no'),
  getRepo: row('repo:read', 'full-access', 'yes'),
  updateRepo: row('repo:write', 'full-access', 'no'),
  deleteRepository: row('repo:admin', 'full-access', 'no'),
  changeRepoState: row('repo:admin', 'full-access', 'no', 'no', [], ['FEATURE_REPO_MIRROR']),
  changeRepoVisibility: row('repo:admin', 'full-access', 'no'),

  listRepoTags: row('repo:read', 'full-access', 'yes'),
  changeTag: tagWrite('repo:write; unsetting immutable needs repo:admin'),
  deleteFullTag: tagWrite(),
  removeTagFromTimemachine: row(
    'repo:write',
    'full-access',
    'no',
    'no',
    [],
    ['PERMANENTLY_DELETE_TAGS'],
  ),
  restoreTag: tagWrite(),

  signinUser: row('anonymous', '-', '-', 'no', ['anon_allowed', 'csrf'], ['FEATURE_DIRECT_LOGIN']),
  retrieveExternalLoginAuthorizationUrl: row('anonymous', '-', '-', 'no', ['anon_allowed', 'csrf']),
  verifyUser: row('user:admin', 'no', 'no'),
  logout: row('anonymous (no-op without login)', '-', '-', 'no', ['csrf']),
  getLoggedInUser: row(
    'user:read of self (anonymous -> 401 with session_required:false)',
    'no',
    'no',
    'no',
    ['anon_allowed'],
  ),
  createNewUser: row(
    'anonymous',
    '-',
    '-',
    'no',
    ['csrf'],
    ['FEATURE_USER_CREATION', 'FEATURE_DIRECT_LOGIN'],
  ),
  changeUserDetails: row('user:admin', 'no', 'no', 'yes'),
  getUserInformation: row('anonymous', '-', '-'),

  getCsrfToken: web(),
  getUiConfig: web(),
  healthInstance: web(),
  healthInstanceAlias: web(),
  healthEndtoend: web(),
  healthEndtoendAlias: web(),
  listServicePublicKeys: web(),
  getServicePublicKey: web(),
  initializeUser: row('none', '-', '-', 'no', ['anon_allowed'], ['FEATURE_USER_INITIALIZE']),
}

/** Class of each operation, by operationId. */
export const classes: Readonly<Record<string, OperationClass>> = { ...v1, ...v2 }
