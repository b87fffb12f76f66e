import { avatarOf } from '#domain/avatar.ts'
import {
  actsAsSuperuser,
  namespaceRole,
  ownAccountRole,
  readsEverything,
  type AccessRules,
} from '#domain/access.ts'
import type { Actor, KnownActor } from '#domain/principal.ts'
import type { ShownNamespace } from '#store/organization.ts'
import type { Prompt, User } from '#store/user.ts'

/** What anybody may know of a user; superusers also see that it is not themselves. */
export function viewStranger(actor: Actor, user: User) {
  return { ...viewName(user), ...viewStanding(actor, false) }
}

type ShowRules = AccessRules & { PUBLIC_NAMESPACES: readonly string[] }

/** What users see of themselves; with an OAuth token as much as its scopes allow. */
export function viewUser(
  actor: KnownActor,
  user: User,
  { namespaces, rules }: { namespaces: readonly ShownNamespace[]; rules: ShowRules },
) {
  const isAdmin = ownAccountRole(actor) === 'admin'
  return {
    ...viewName(user),
    ...(isAdmin ? viewAccount(user) : {}),
    ...(ownAccountRole(actor) === undefined
      ? {}
      : { organizations: namespaces.map((each) => viewNamespace(actor, each, rules)) }),
    ...viewStanding(actor, true),
  }
}

function viewName(user: User) {
  return {
    anonymous: false,
    username: user.username,
    // What an account is made of that waits must not tell whether its address was free.
    avatar: avatarOf('user', user.username),
  }
}

/** Only who acts as a superuser is told whether it is them; a token does with the scope for it. */
function viewStanding(actor: Actor, isMe: boolean) {
  return {
    ...(actsAsSuperuser(actor) ? { super_user: isMe } : {}),
    ...(readsEverything(actor) ? { global_readonly_super_user: isMe } : {}),
  }
}

function viewAccount(user: User) {
  return {
    can_create_repo: true,
    is_me: true,
    verified: user.is_verified,
    email: user.email ?? '',
    logins: [],
    invoice_email: user.invoice_email,
    invoice_email_address: user.invoice_email_address,
    preferred_namespace: false,
    tag_expiration_s: user.tag_expiration_seconds,
    prompts: user.prompts as Prompt[],
    company: user.company,
    family_name: user.family_name,
    given_name: user.given_name,
    location: user.location,
    is_free_account: true,
    has_password_set: user.password_hash !== null,
  }
}

/** What the caller may do in an organization is what counts: scopes lower the role of a team. */
function viewNamespace(
  actor: KnownActor,
  { name, role: teamRole }: ShownNamespace,
  rules: ShowRules,
) {
  const role = namespaceRole(actor, { ownsNamespace: false, teamRole, grantedRole: null }, rules)
  const isAdmin = ownAccountRole(actor) === 'admin'
  return {
    name,
    avatar: avatarOf('org', name),
    can_create_repo: role === 'creator' || role === 'admin',
    public: rules.PUBLIC_NAMESPACES.includes(name),
    ...(isAdmin ? { is_org_admin: role === 'admin', preferred_namespace: false } : {}),
  }
}
