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

export interface LogEntry {
  address: string | null;
  created_at: Timestamp;
  id: Generated<number>;
  kind: string;
  metadata: Json;
  namespace_id: number | null;
  performer_id: number | null;
  repository_id: number | null;
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
  enabled: Generated<boolean>;
  id: Generated<number>;
  kind: string;
  name: string;
  tag_expiration_seconds: number;
  uuid: Generated<string>;
}

export interface OauthApplication {
  client_id: string;
  created_at: Timestamp;
  description: Generated<string>;
  id: Generated<number>;
  name: string;
  namespace_id: number;
}

export interface OauthToken {
  application_id: number;
  created_at: Timestamp;
  expires_at: Timestamp;
  id: Generated<number>;
  last_used_at: Timestamp | null;
  name_part: string;
  scopes: string;
  secret_hash: string;
  user_id: number;
  uuid: Generated<string>;
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

export interface RepositoryGrant {
  repository_id: number;
  role: string;
  user_id: number;
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

export interface TeamMember {
  team_id: number;
  user_id: number;
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
  session_epoch: Generated<string>;
}

export interface DB {
  blob: Blob;
  log_entry: LogEntry;
  manifest: Manifest;
  manifest_blob: ManifestBlob;
  manifest_child: ManifestChild;
  namespace: Namespace;
  oauth_application: OauthApplication;
  oauth_token: OauthToken;
  refresh_token: RefreshToken;
  repository: Repository;
  repository_blob: RepositoryBlob;
  repository_grant: RepositoryGrant;
  session: Session;
  signing_key: SigningKey;
  tag: Tag;
  team: Team;
  team_member: TeamMember;
  upload: Upload;
  user_account: UserAccount;
}
