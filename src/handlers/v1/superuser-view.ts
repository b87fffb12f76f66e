import { avatarOf } from '#domain/avatar.ts'
import { standingOf, type StandingRules } from '#domain/principal.ts'
import type { User } from '#store/user.ts'

/** A user, as superusers see all of them. */
export function viewInstallUser(user: User, rules: StandingRules) {
  const { username, email } = user
  const standing = standingOf({ username, isSuperuser: user.is_superuser }, rules)
  return {
    kind: 'user' as const,
    name: username,
    username,
    email,
    verified: user.is_verified,
    avatar: avatarOf('user', username),
    super_user: standing.superuser,
    global_readonly_super_user: standing.globalReadonlySuperuser,
    enabled: user.enabled,
  }
}

/** An organization, as superusers see all of them. */
export function viewInstallOrganization({ name, email }: { name: string; email: string | null }) {
  return { name, email: email ?? '', avatar: avatarOf('org', name) }
}
