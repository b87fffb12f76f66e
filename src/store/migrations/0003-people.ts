import { sql, type Kysely } from 'kysely'

const statements = [
  // A robot is an account: it shares names, grants, teams and audit rows with users. Its namespace row owns nothing.
  `alter table namespace
    drop constraint namespace_kind_check,
    add constraint namespace_kind_check check (kind in ('user', 'organization', 'robot')),
    drop constraint namespace_name_check,
    add constraint namespace_name_check check (length(name) between 1 and 511)`,
  // On its way out: a job purges what it owns. The row keeps the name, so that nobody takes it before all is gone.
  `alter table namespace add column deleted_at timestamptz`,
  `create table organization (
    namespace_id bigint primary key references namespace (id) on delete cascade,
    email text collate "C",
    invoice_email boolean not null default false,
    invoice_email_address text
  )`,
  `insert into organization (namespace_id) select id from namespace where kind = 'organization'`,
  `create index organization_email on organization (email)`,
  // What a user is still to be asked; names of Quay's prompts.
  `alter table user_account add column prompts jsonb not null default '[]'`,
  // The token is shown again, so it is sealed; its hash is what a login is compared with.
  // federation: [{ issuer, subject, audience? }], whose JWTs stand for the robot.
  `create table robot (
    account_id bigint primary key references user_account (namespace_id) on delete cascade,
    owner_id bigint not null references namespace (id) on delete cascade,
    short_name text collate "C" not null,
    description text not null default '',
    unstructured_metadata jsonb not null default '{}',
    sealed_token bytea not null,
    token_hash text collate "C" not null,
    federation jsonb not null default '[]',
    created_at timestamptz not null,
    last_used_at timestamptz,
    unique (owner_id, short_name)
  )`,
  `create table repository_team_grant (
    repository_id bigint not null references repository (id) on delete cascade,
    team_id bigint not null references team (id) on delete cascade,
    role text collate "C" not null check (role in ('read', 'write', 'admin')),
    primary key (repository_id, team_id)
  )`,
  `create index repository_team_grant_team on repository_team_grant (team_id)`,
  // A grant that every new repository of the organization gets; with activating_user_id, only of that creator's.
  `create table default_permission (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    namespace_id bigint not null references namespace (id) on delete cascade,
    activating_user_id bigint references user_account (namespace_id) on delete cascade,
    delegate_user_id bigint references user_account (namespace_id) on delete cascade,
    delegate_team_id bigint references team (id) on delete cascade,
    role text collate "C" not null check (role in ('read', 'write', 'admin')),
    check (num_nonnulls(delegate_user_id, delegate_team_id) = 1),
    unique nulls not distinct (namespace_id, activating_user_id, delegate_user_id, delegate_team_id)
  )`,
  `create index default_permission_activating_user on default_permission (activating_user_id)`,
  `create index default_permission_delegate_user on default_permission (delegate_user_id)`,
  `create index default_permission_delegate_team on default_permission (delegate_team_id)`,
  // An invitation by name or by e-mail. Only the sha256 of the code is kept.
  `create table team_invite (
    id bigint generated always as identity primary key,
    code_hash text collate "C" not null unique,
    team_id bigint not null references team (id) on delete cascade,
    user_id bigint references user_account (namespace_id) on delete cascade,
    email text collate "C",
    inviter_id bigint references user_account (namespace_id) on delete set null,
    created_at timestamptz not null,
    check (num_nonnulls(user_id, email) = 1),
    unique nulls not distinct (team_id, user_id, email)
  )`,
  `create index team_invite_user on team_invite (user_id)`,
  `create index team_invite_email on team_invite (email)`,
  // The client secret is shown again: sealed. Applications made before it have none until it is reset.
  `alter table oauth_application
    add column sealed_client_secret bytea,
    add column redirect_uri text not null default '',
    add column application_uri text not null default '',
    add column avatar_email text`,
  `create index oauth_application_namespace on oauth_application (namespace_id, id)`,
  `alter table oauth_token
    add column name text,
    add column created_by_id bigint references user_account (namespace_id) on delete set null`,
  `create index oauth_token_application on oauth_token (application_id, id)`,
  `create table oauth_code (
    id bigint generated always as identity primary key,
    code_hash text collate "C" not null unique,
    application_id bigint not null references oauth_application (id) on delete cascade,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    redirect_uri text not null,
    scopes text collate "C" not null,
    code_challenge text collate "C",
    code_challenge_method text collate "C" check (code_challenge_method in ('S256', 'plain')),
    created_at timestamptz not null,
    expires_at timestamptz not null
  )`,
  `create index oauth_code_expires on oauth_code (expires_at)`,
  `create index oauth_code_application on oauth_code (application_id)`,
  `create index oauth_code_user on oauth_code (user_id)`,
  // A token that an administrator of the application's organization wants a user to make.
  `create table oauth_assignment (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    application_id bigint not null references oauth_application (id) on delete cascade,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    redirect_uri text not null,
    scopes text collate "C" not null,
    response_type text collate "C" not null,
    created_at timestamptz not null
  )`,
  `create index oauth_assignment_user on oauth_assignment (user_id, id)`,
  `create index oauth_assignment_application on oauth_assignment (application_id)`,
  // The first 60 characters of an app token find its row; the whole is sealed, because it is shown again.
  `create table app_token (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    title text not null,
    name_part text collate "C" not null unique,
    secret_hash text collate "C" not null,
    sealed_token bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz
  )`,
  `create index app_token_user on app_token (user_id, id)`,
  // namespace_id: the user, or the organization whose administrators are told. lookup_key finds it again to take it back.
  `create table user_notification (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    namespace_id bigint not null references namespace (id) on delete cascade,
    kind text collate "C" not null,
    metadata jsonb not null,
    lookup_key text collate "C",
    dismissed boolean not null default false,
    created_at timestamptz not null
  )`,
  `create index user_notification_namespace on user_notification (namespace_id, id)`,
  `create index user_notification_lookup on user_notification (lookup_key) where lookup_key is not null`,
  `create table star (
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    repository_id bigint not null references repository (id) on delete cascade,
    created_at timestamptz not null,
    primary key (user_id, repository_id)
  )`,
  `create index star_repository on star (repository_id)`,
  // A code that was sent to an e-mail address; works once.
  `create table mail_code (
    id bigint generated always as identity primary key,
    code_hash text collate "C" not null unique,
    user_id bigint not null references user_account (namespace_id) on delete cascade,
    purpose text collate "C" not null check (purpose in ('confirm', 'change_email', 'recover')),
    new_email text collate "C",
    created_at timestamptz not null,
    expires_at timestamptz not null
  )`,
  `create index mail_code_user on mail_code (user_id)`,
  `create index mail_code_expires on mail_code (expires_at)`,
  // Addresses to which notifications of a repository may be sent, once their owners have agreed.
  `create table repository_email (
    repository_id bigint not null references repository (id) on delete cascade,
    email text collate "C" not null,
    code_hash text collate "C" not null unique,
    confirmed_at timestamptz,
    created_at timestamptz not null,
    primary key (repository_id, email)
  )`,
  `create table global_message (
    id bigint generated always as identity primary key,
    uuid uuid not null default gen_random_uuid() unique,
    content text not null,
    severity text collate "C" not null check (severity in ('info', 'warning', 'error')),
    media_type text collate "C" not null check (media_type in ('text/plain', 'text/markdown')),
    created_at timestamptz not null
  )`,
  // Keys of other services that talk to the registry; the registry's own are in signing_key.
  `create table service_key (
    kid text collate "C" primary key,
    name text not null,
    service text collate "C" not null,
    public_jwk jsonb not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null,
    expires_at timestamptz,
    rotation_seconds integer,
    approved_at timestamptz,
    approver_id bigint references user_account (namespace_id) on delete set null,
    approval_type text collate "C",
    approval_notes text not null default ''
  )`,
  `create index service_key_service on service_key (service, kid)`,
  `create index service_key_expires on service_key (expires_at)`,
  // The entry outlives the account that caused it.
  `alter table log_entry add column performer_name text collate "C"`,
  `create index log_entry_performer on log_entry (performer_id)`,
  `create index tag_by_name on tag (repository_id, name, started_at desc)`,
  `create index upload_repository on upload (repository_id)`,
  `create index refresh_token_expires on refresh_token (expires_at)`,
  `drop index blob_damaged`,
]

/** Organizations, robots, default permissions, applications, app tokens, messages: people and what acts for them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
