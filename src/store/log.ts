import type { Actor } from '#domain/principal.ts'
import type { Tx } from './db.ts'

/** Kinds of audit entries, as Quay names them. */
export type LogKind =
  | 'user_create'
  | 'user_change_email'
  | 'user_change_invoicing'
  | 'user_change_metadata'
  | 'user_change_name'
  | 'user_change_tag_expiration'
  | 'account_change_password'
  | 'org_create'
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
export async function writeLog(tx: Tx, entry: LogEntry): Promise<void> {
  await tx
    .insertInto('log_entry')
    .values({
      kind: entry.kind,
      namespace_id: entry.namespaceId,
      repository_id: entry.repositoryId ?? null,
      performer_id: entry.actor.kind === 'user' ? entry.actor.id : null,
      address: entry.actor.address,
      metadata: JSON.stringify({ ...entry.metadata, ...credentialMetadata(entry.actor) }),
      created_at: entry.at,
    })
    .execute()
}

/** What Quay adds to every entry that was caused with an OAuth token. */
function credentialMetadata({ credential }: Actor): Record<string, unknown> {
  if (credential.kind !== 'oauth_token') return {}
  return {
    oauth_token_id: credential.tokenId,
    oauth_token_application_id: credential.applicationId,
    oauth_token_application: credential.application,
  }
}
