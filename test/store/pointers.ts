import { randomUUID } from 'node:crypto'

import { sql } from 'kysely'

import type { Db } from '#store/db.ts'

/** A column that points at another table, as the catalog has it. */
export interface Pointer {
  table: string
  column: string
  target: string
  /** What becomes of the row when its target goes: it goes too, or the column is emptied. */
  onDelete: 'cascade' | 'empties' | 'refuses'
}

/** Every foreign key of the database. */
export async function listPointers(db: Db): Promise<Pointer[]> {
  const { rows } = await sql<Pointer>`
    select k.conrelid::regclass::text as table, a.attname as column, k.confrelid::regclass::text as target,
      case k.confdeltype when 'c' then 'cascade' when 'n' then 'empties' else 'refuses' end as "onDelete"
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.connamespace = 'public'::regnamespace order by 1, 2`.execute(db)
  return rows
}

/** Columns named like ids of other tables that no foreign key stands behind. */
export async function listLooseIds(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select table_name || '.' || column_name as name from information_schema.columns c
    where table_schema = 'public' and column_name like '%\\_id' and udt_name = 'int8' and not exists (
      select from information_schema.key_column_usage k
      where (k.table_name, k.column_name) = (c.table_name, c.column_name)
        and k.position_in_unique_constraint is not null)`.execute(db)
  return rows.map(({ name }) => name)
}

interface Column {
  name: string
  type: string
}

/** Values that a check of the schema asks for. */
const wanted: Record<string, unknown> = {
  'team.role': 'member',
  'default_permission.role': 'read',
  'repository_grant.role': 'read',
  'repository_team_grant.role': 'read',
  'mail_code.purpose': 'recover',
}

const sample: Record<string, () => unknown> = {
  text: () => `x${randomUUID()}`,
  uuid: () => randomUUID(),
  int4: () => 1,
  int8: () => 1,
  bool: () => false,
  jsonb: () => '{}',
  bytea: () => Buffer.from('x'),
  timestamptz: () => new Date(),
}

/**
 * Inserts a row whose column points at `id` (null: at nothing); other columns that must point somewhere point at what
 * `keepers` has for the table.
 */
export async function insertPointing(
  db: Db,
  { table, column }: Pointer,
  {
    id,
    keepers,
    pointers,
  }: { id: number | null; keepers: Record<string, number>; pointers: Pointer[] },
): Promise<void> {
  const { rows } = await sql<Column>`
    select column_name as name, udt_name as type from information_schema.columns
    where table_schema = 'public' and table_name = ${table} and is_nullable = 'NO'
      and column_default is null and is_identity = 'NO'`.execute(db)
  const values = new Map<string, unknown>()
  for (const { name, type } of rows) {
    const pointer = pointers.find((each) => each.table === table && each.column === name)
    values.set(
      name,
      wanted[`${table}.${name}`] ?? (pointer ? keepers[pointer.target] : sample[type]!()),
    )
  }
  values.set(column, id)
  // One of two columns must be filled.
  if (table === 'default_permission' && !column.startsWith('delegate'))
    values.set('delegate_user_id', keepers.user_account)
  if (table === 'team_invite' && column !== 'user_id')
    values.set('email', `${randomUUID()}@example.com`)
  await db
    .insertInto(table as 'team')
    .values(Object.fromEntries(values) as never)
    .execute()
}

/** Every row of every table but the audit log and the signing keys, as text. */
export async function snapshot(db: Db): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'
      and table_name not in ('log_entry', 'signing_key') order by 1`.execute(db)
  const tables: Record<string, string[]> = {}
  for (const { name } of rows) {
    const found = await sql<{ row: string }>`
      select to_jsonb(t)::text as row from ${sql.table(name)} t order by 1`.execute(db)
    tables[name] = found.rows.map(({ row }) => row)
  }
  return tables
}
