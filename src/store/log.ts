import type { Actor } from '#domain/principal.ts'
import type { Tx } from './db.ts'

/** Kinds of audit entries, as Quay names them. */
export type LogKind =
  | 'user_create'
  | 'user_delete'
  | 'user_change_password'
  | 'user_enable'
  | 'user_disable'
  | 'user_change_email'
  | 'user_change_invoicing'
  | 'user_change_metadata'
  | 'user_change_name'
  | 'user_change_tag_expiration'
  | 'account_change_password'
  | 'account_convert'
  | 'take_ownership'
  | 'org_create'
  | 'org_delete'
  | 'org_change_email'
  | 'org_change_invoicing'
  | 'org_change_name'
  | 'org_change_tag_expiration'
  | 'org_create_team'
  | 'org_delete_team'
  | 'org_set_team_description'
  | 'org_set_team_role'
  | 'org_add_team_member'
  | 'org_remove_team_member'
  | 'org_invite_team_member'
  | 'org_delete_team_member_invite'
  | 'org_team_member_invite_accepted'
  | 'org_team_member_invite_declined'
  | 'create_prototype_permission'
  | 'modify_prototype_permission'
  | 'delete_prototype_permission'
  | 'create_robot'
  | 'delete_robot'
  | 'regenerate_robot_token'
  | 'create_robot_federation'
  | 'delete_robot_federation'
  | 'federated_robot_token_exchange'
  | 'create_application'
  | 'update_application'
  | 'delete_application'
  | 'reset_application_client_secret'
  | 'create_oauth_api_token'
  | 'revoke_oauth_api_token'
  | 'oauth_token_assigned'
  | 'create_app_specific_token'
  | 'revoke_app_specific_token'
  | 'service_key_create'
  | 'service_key_approve'
  | 'service_key_delete'
  | 'service_key_extend'
  | 'service_key_modify'
  | 'service_key_rotate'
  | 'change_repo_permission'
  | 'delete_repo_permission'
  | 'create_repo'
  | 'push_repo'
  | 'delete_repo'
  | 'change_repo_visibility'
  | 'change_repo_state'
  | 'set_repo_description'
  | 'create_tag'
  | 'move_tag'
  | 'delete_tag'
  | 'revert_tag'
  | 'change_tag_expiration'
  | 'permanently_delete_tag'
  | 'login_success'
  | 'login_failure'
  | 'logout_success'

export interface LogEntry {
  kind: LogKind
  actor: Actor
  /** The namespace it is logged under. */
  namespaceId: number | null
  repositoryId?: number
  metadata: Record<string, unknown>
  at: Date
}

/** Writes an audit entry, in the transaction of what it tells of. */
export function writeLog(tx: Tx, entry: LogEntry): Promise<void> {
  return writeLogs(tx, [entry])
}

/** Entries that go into one statement; PostgreSQL takes 65,535 parameters. */
const batch = 1_000

/** Writes several audit entries, in their order. */
export async function writeLogs(tx: Tx, entries: readonly LogEntry[]): Promise<void> {
  for (let start = 0; start < entries.length; start += batch) {
    const rows = entries.slice(start, start + batch).map(rowOf)
    await tx.insertInto('log_entry').values(rows).execute()
  }
}

function rowOf({ actor, ...entry }: LogEntry) {
  const performer = actor.kind === 'anonymous' ? undefined : actor
  return {
    kind: entry.kind,
    namespace_id: entry.namespaceId,
    repository_id: entry.repositoryId ?? null,
    performer_id: performer?.id ?? null,
    performer_name: performer?.username ?? null,
    address: actor.address,
    metadata: JSON.stringify({ ...entry.metadata, ...credentialMetadata(actor) }),
    created_at: entry.at,
  }
}

/** What Quay adds to every entry that was caused with a token: which one. */
function credentialMetadata({ credential }: Actor): Record<string, unknown> {
  const token = credential.kind === 'registry_token' ? credential.madeWith : credential
  switch (token?.kind) {
    case 'oauth_token':
      return {
        oauth_token_id: token.tokenId,
        oauth_token_application_id: token.applicationId,
        oauth_token_application: token.application,
      }
    case 'app_token':
      return { app_specific_token: token.tokenUuid, app_specific_token_title: token.title }
    default:
      return {}
  }
}
