import { sql, type Kysely } from 'kysely'

/**
 * Names and keys are `COLLATE "C"`: byte order is what the OCI specification lists by, and an outside
 * database may have another default. Ids are identity columns; what the API shows is a uuid.
 */
const statements = [
  // A namespace owns repositories: a user or an organization. Both share one set of names.
  `create table namespace (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    name text collate "C" not null unique check (length(name) between 1 and 255),
    kind text collate "C" not null check (kind in ('user', 'organization')),
    enabled boolean not null default true,
    tag_expiration_seconds integer not null check (tag_expiration_seconds >= 0),
    created_at timestamptz not null
  )`,
  // session_epoch is renewed by sign-out and by password change, credential_epoch by password change:
  // sessions, and tokens made from the password, that hold an older one are over.
  `create table user_account (
    namespace_id bigint primary key references namespace (id) on delete cascade,
    email text collate "C" unique,
    password_hash text,
    session_epoch uuid not null default gen_random_uuid(),
    credential_epoch uuid not null default gen_random_uuid(),
    is_verified boolean not null,
    is_superuser boolean not null default false,
    failed_sign_ins integer not null default 0,
    last_failed_sign_in_at timestamptz,
    invoice_email boolean not null default false,
    invoice_email_address text,
    given_name text,
    family_name text,
    company text,
    location text
  )`,
  `create table team (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    namespace_id bigint not null references namespace (id) on delete cascade,
    name text collate "C" not null,
    role text collate "C" not null check (role in ('member', 'creator', 'admin')),
    description text not null default '',
    unique (namespace_id, name)
  )`,
  `create table team_member (
    team_id bigint not null references team (id) on delete cascade,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    primary key (team_id, user_id)
  )`,
  `create index team_member_user on team_member (user_id)`,
  // A repository on its way out keeps its row, under another name, until a job has purged it.
  `create table repository (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    namespace_id bigint not null references namespace (id) on delete cascade,
    name text collate "C" not null check (length(name) between 1 and 255),
    is_public boolean not null,
    state text collate "C" not null default 'NORMAL'
      check (state in ('NORMAL', 'READ_ONLY', 'MIRROR', 'ORG_MIRROR', 'MARKED_FOR_DELETION')),
    description text,
    created_at timestamptz not null,
    unique (namespace_id, name)
  )`,
  `create table repository_grant (
    repository_id bigint not null references repository (id) on delete cascade,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    role text collate "C" not null check (role in ('read', 'write', 'admin')),
    primary key (repository_id, user_id)
  )`,
  `create index repository_grant_user on repository_grant (user_id)`,
  // Bytes in the storage driver. Condemned: on the way out; a push of the same digest revives the row.
  `create table blob (
    id bigint generated always as identity primary key,
    digest text collate "C" not null unique,
    size_bytes bigint not null check (size_bytes >= 0),
    condemned_at timestamptz,
    created_at timestamptz not null
  )`,
  // A repository holds a blob. While leased_until is ahead, a push may rely on it and nothing collects it.
  `create table repository_blob (
    repository_id bigint not null references repository (id) on delete cascade,
    blob_id bigint not null references blob (id),
    leased_until timestamptz not null,
    primary key (repository_id, blob_id)
  )`,
  `create index repository_blob_blob on repository_blob (blob_id)`,
  // One request at a time writes to an upload: the one that holds lease_token until leased_until.
  // A writer that takes over an expired lease goes on in a copy (generation), out of the old one's reach.
  `create table upload (
    id uuid primary key,
    repository_id bigint not null references repository (id) on delete cascade,
    offset_bytes bigint not null default 0 check (offset_bytes >= 0),
    generation integer not null default 0,
    lease_token uuid,
    leased_until timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null
  )`,
  `create index upload_expires on upload (expires_at)`,
  // Deleted manifests stay while the time machine can bring them back.
  `create table manifest (
    id bigint generated always as identity primary key,
    repository_id bigint not null references repository (id) on delete cascade,
    digest text collate "C" not null,
    media_type text collate "C" not null,
    content bytea not null,
    artifact_type text collate "C",
    config_media_type text collate "C",
    subject_digest text collate "C",
    annotations jsonb,
    layers_size_bytes bigint,
    is_index boolean not null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    unique (repository_id, digest)
  )`,
  `alter table manifest alter column content set storage external`,
  `create index manifest_subject on manifest (repository_id, subject_digest, digest) where subject_digest is not null`,
  `create table manifest_blob (
    manifest_id bigint not null references manifest (id) on delete cascade,
    blob_id bigint not null references blob (id),
    primary key (manifest_id, blob_id)
  )`,
  `create index manifest_blob_blob on manifest_blob (blob_id)`,
  // By digest, because a sparse index names manifests that are not here.
  `create table manifest_child (
    manifest_id bigint not null references manifest (id) on delete cascade,
    repository_id bigint not null references repository (id) on delete cascade,
    child_digest text collate "C" not null,
    primary key (manifest_id, child_digest)
  )`,
  `create index manifest_child_digest on manifest_child (repository_id, child_digest)`,
  // One life of a tag. Open: ended_at is null; alive: open and not past expires_at.
  `create table tag (
    id bigint generated always as identity primary key,
    repository_id bigint not null references repository (id) on delete cascade,
    name text collate "C" not null,
    manifest_id bigint not null references manifest (id) on delete cascade,
    started_at timestamptz not null,
    ended_at timestamptz,
    expires_at timestamptz,
    is_reversion boolean not null default false,
    is_immutable boolean not null default false
  )`,
  `create unique index tag_open on tag (repository_id, name) where ended_at is null`,
  `create index tag_history on tag (repository_id, started_at desc, name)`,
  `create index tag_manifest on tag (manifest_id)`,
  // The id in the cookie is kept as its sha256: the table gives nobody a session.
  `create table session (
    id_hash text collate "C" primary key,
    content jsonb not null,
    user_id bigint references user_account (namespace_id) on delete cascade,
    expires_at timestamptz not null
  )`,
  `create index session_by_user on session (user_id)`,
  `create index session_by_expiry on session (expires_at)`,
  `create table oauth_application (
    id bigint generated always as identity primary key,
    namespace_id bigint not null references namespace (id) on delete cascade,
    client_id text collate "C" not null unique,
    name text not null,
    description text not null default '',
    created_at timestamptz not null
  )`,
  // The first 20 characters of a token find its row, the sha256 of the rest proves it.
  `create table oauth_token (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    application_id bigint not null references oauth_application (id) on delete cascade,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    name_part text collate "C" not null unique,
    secret_hash text collate "C" not null,
    scopes text collate "C" not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz
  )`,
  `create index oauth_token_user on oauth_token (user_id)`,
  // Keys that sign registry tokens. Signing stops at signs_until, verification at expires_at.
  `create table signing_key (
    kid text collate "C" primary key,
    service text collate "C" not null,
    public_jwk jsonb not null,
    sealed_private_key bytea not null,
    created_at timestamptz not null,
    signs_until timestamptz not null,
    expires_at timestamptz not null
  )`,
  `create table refresh_token (
    id bigint generated always as identity primary key,
    token_hash text collate "C" not null unique,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    credential_epoch uuid not null,
    service text collate "C" not null,
    client_id text collate "C" not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
  )`,
  `create index refresh_token_user on refresh_token (user_id)`,
  // What was done, by whom. Names are copied: the entry outlives what it tells of.
  `create table log_entry (
    id bigint generated always as identity primary key,
    kind text collate "C" not null,
    namespace_id bigint references namespace (id) on delete set null,
    repository_id bigint references repository (id) on delete set null,
    performer_id bigint references user_account (namespace_id) on delete set null,
    address text,
    metadata jsonb not null,
    created_at timestamptz not null
  )`,
  `create index log_entry_namespace on log_entry (namespace_id, id)`,
  `create index log_entry_repository on log_entry (repository_id, id)`,
]

/** The first tables: people, repositories, content, credentials, the audit log. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
