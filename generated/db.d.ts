// Written by npm run generate; do not edit.

import type { ColumnType } from "kysely";

export type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>;

export type Json = JsonValue;

export type JsonArray = JsonValue[];

export type JsonObject = {
  [x: string]: JsonValue | undefined;
};

export type JsonPrimitive = boolean | number | string | null;

export type JsonValue = JsonArray | JsonObject | JsonPrimitive;

export type Timestamp = ColumnType<Date, Date | string, Date | string>;

export interface AppToken {
  created_at: Timestamp;
  expires_at: Timestamp | null;
  id: Generated<number>;
  last_used_at: Timestamp | null;
  name_part: string;
  sealed_token: Buffer;
  secret_hash: string;
  title: string;
  user_id: number;
  uuid: Generated<string>;
}

export interface Blob {
  condemned_at: Timestamp | null;
  created_at: Timestamp;
  damaged_at: Timestamp | null;
  digest: string;
  generation: Generated<number>;
  id: Generated<number>;
  removing_since: Timestamp | null;
  size_bytes: number;
}

export interface DefaultPermission {
  activating_user_id: number | null;
  delegate_team_id: number | null;
  delegate_user_id: number | null;
  id: Generated<number>;
  namespace_id: number;
  role: string;
  uuid: Generated<string>;
}

export interface GlobalMessage {
  content: string;
  created_at: Timestamp;
  id: Generated<number>;
  media_type: string;
  severity: string;
  uuid: Generated<string>;
}

export interface LogEntry {
  address: string | null;
  created_at: Timestamp;
  id: Generated<number>;
  kind: string;
  metadata: Json;
  namespace_id: number | null;
  performer_id: number | null;
  performer_name: string | null;
  repository_id: number | null;
}

export interface MailBudget {
  key_hash: string;
  mails: number;
  window_started_at: Timestamp;
}

export interface MailCode {
  code_hash: string;
  created_at: Timestamp;
  expires_at: Timestamp;
  id: Generated<number>;
  new_email: string | null;
  purpose: string;
  user_id: number;
}

export interface Manifest {
  annotations: Json | null;
  artifact_type: string | null;
  config_media_type: string | null;
  content: Buffer;
  created_at: Timestamp;
  deleted_at: Timestamp | null;
  digest: string;
  id: Generated<number>;
  is_index: boolean;
  layers_size_bytes: number | null;
  media_type: string;
  repository_id: number;
  subject_digest: string | null;
}

export interface ManifestBlob {
  blob_id: number;
  manifest_id: number;
}

export interface ManifestChild {
  child_digest: string;
  manifest_id: number;
  repository_id: number;
}

export interface Namespace {
  created_at: Timestamp;
  deleted_at: Timestamp | null;
  enabled: Generated<boolean>;
  id: Generated<number>;
  kind: string;
  name: string;
  tag_expiration_seconds: number;
  uuid: Generated<string>;
}

export interface OauthApplication {
  application_uri: Generated<string>;
  avatar_email: string | null;
  client_id: string;
  created_at: Timestamp;
  description: Generated<string>;
  id: Generated<number>;
  name: string;
  namespace_id: number;
  redirect_uri: Generated<string>;
  sealed_client_secret: Buffer | null;
}

export interface OauthAssignment {
  application_id: number;
  created_at: Timestamp;
  id: Generated<number>;
  redirect_uri: string;
  response_type: string;
  scopes: string;
  user_id: number;
  uuid: Generated<string>;
}

export interface OauthCode {
  application_id: number;
  code_challenge: string | null;
  code_challenge_method: string | null;
  code_hash: string;
  created_at: Timestamp;
  expires_at: Timestamp;
  id: Generated<number>;
  redirect_uri: string;
  scopes: string;
  user_id: number;
}

export interface OauthToken {
  application_id: number;
  code_hash: string | null;
  created_at: Timestamp;
  created_by_id: number | null;
  expires_at: Timestamp;
  id: Generated<number>;
  last_used_at: Timestamp | null;
  name: string | null;
  name_part: string;
  redirect_uri: string | null;
  scopes: string;
  secret_hash: string;
  user_id: number;
  uuid: Generated<string>;
}

export interface Organization {
  email: string | null;
  invoice_email: Generated<boolean>;
  invoice_email_address: string | null;
  namespace_id: number;
}

export interface RefreshToken {
  client_id: string;
  created_at: Timestamp;
  credential_epoch: string;
  expires_at: Timestamp;
  id: Generated<number>;
  service: string;
  token_hash: string;
  user_id: number;
}

export interface Repository {
  created_at: Timestamp;
  description: string | null;
  id: Generated<number>;
  is_public: boolean;
  name: string;
  namespace_id: number;
  state: Generated<string>;
  uuid: Generated<string>;
}

export interface RepositoryBlob {
  blob_id: number;
  leased_until: Timestamp;
  repository_id: number;
}

export interface RepositoryEmail {
  code_hash: string;
  confirmed_at: Timestamp | null;
  created_at: Timestamp;
  email: string;
  repository_id: number;
}

export interface RepositoryGrant {
  repository_id: number;
  role: string;
  user_id: number;
}

export interface RepositoryTeamGrant {
  repository_id: number;
  role: string;
  team_id: number;
}

export interface Robot {
  account_id: number;
  created_at: Timestamp;
  description: Generated<string>;
  federation: Generated<Json>;
  last_used_at: Timestamp | null;
  owner_id: number;
  sealed_token: Buffer;
  short_name: string;
  token_hash: string;
  unstructured_metadata: Generated<Json>;
}

export interface ServiceKey {
  approval_notes: Generated<string>;
  approval_type: string | null;
  approved_at: Timestamp | null;
  approver_id: number | null;
  created_at: Timestamp;
  expires_at: Timestamp | null;
  kid: string;
  metadata: Generated<Json>;
  name: string;
  public_jwk: Json;
  rotation_seconds: number | null;
  service: string;
}

export interface Session {
  content: Json;
  expires_at: Timestamp;
  id_hash: string;
  user_id: number | null;
}

export interface SigningKey {
  created_at: Timestamp;
  expires_at: Timestamp;
  kid: string;
  public_jwk: Json;
  sealed_private_key: Buffer;
  service: string;
  signs_until: Timestamp;
}

export interface Star {
  created_at: Timestamp;
  repository_id: number;
  user_id: number;
}

export interface Tag {
  ended_at: Timestamp | null;
  expires_at: Timestamp | null;
  id: Generated<number>;
  is_immutable: Generated<boolean>;
  is_reversion: Generated<boolean>;
  manifest_id: number;
  name: string;
  repository_id: number;
  started_at: Timestamp;
}

export interface Team {
  description: Generated<string>;
  id: Generated<number>;
  name: string;
  namespace_id: number;
  role: string;
  uuid: Generated<string>;
}

export interface TeamInvite {
  code_hash: string;
  created_at: Timestamp;
  email: string | null;
  id: Generated<number>;
  inviter_id: number | null;
  team_id: number;
  user_id: number | null;
}

export interface TeamMember {
  team_id: number;
  user_id: number;
}

export interface UnknownSignIn {
  failed_sign_ins: number;
  last_failed_sign_in_at: Timestamp;
  login_hash: string;
}

export interface Upload {
  created_at: Timestamp;
  expires_at: Timestamp;
  finishing_digest: string | null;
  generation: Generated<number>;
  id: string;
  lease_token: string | null;
  leased_until: Timestamp | null;
  offset_bytes: Generated<number>;
  repository_id: number;
}

export interface UserAccount {
  company: string | null;
  credential_epoch: Generated<string>;
  email: string | null;
  failed_sign_ins: Generated<number>;
  family_name: string | null;
  given_name: string | null;
  invoice_email: Generated<boolean>;
  invoice_email_address: string | null;
  is_superuser: Generated<boolean>;
  is_verified: boolean;
  last_failed_sign_in_at: Timestamp | null;
  location: string | null;
  namespace_id: number;
  password_hash: string | null;
  prompts: Generated<Json>;
  session_epoch: Generated<string>;
  signed_up_at: Timestamp | null;
}

export interface UserNotification {
  created_at: Timestamp;
  dismissed: Generated<boolean>;
  id: Generated<number>;
  kind: string;
  lookup_key: string | null;
  metadata: Json;
  namespace_id: number;
  team_invite_id: number | null;
  uuid: Generated<string>;
}

export interface DB {
  app_token: AppToken;
  blob: Blob;
  default_permission: DefaultPermission;
  global_message: GlobalMessage;
  log_entry: LogEntry;
  mail_budget: MailBudget;
  mail_code: MailCode;
  manifest: Manifest;
  manifest_blob: ManifestBlob;
  manifest_child: ManifestChild;
  namespace: Namespace;
  oauth_application: OauthApplication;
  oauth_assignment: OauthAssignment;
  oauth_code: OauthCode;
  oauth_token: OauthToken;
  organization: Organization;
  refresh_token: RefreshToken;
  repository: Repository;
  repository_blob: RepositoryBlob;
  repository_email: RepositoryEmail;
  repository_grant: RepositoryGrant;
  repository_team_grant: RepositoryTeamGrant;
  robot: Robot;
  service_key: ServiceKey;
  session: Session;
  signing_key: SigningKey;
  star: Star;
  tag: Tag;
  team: Team;
  team_invite: TeamInvite;
  team_member: TeamMember;
  unknown_sign_in: UnknownSignIn;
  upload: Upload;
  user_account: UserAccount;
  user_notification: UserNotification;
}
