import { sql } from 'kysely'

import type { Db } from '#store/db.ts'

/**
 * A number for each table that changes with every insert, update and delete: rows and the sum of the
 * transactions that wrote them. Sessions are left out, and some columns are not counted.
 */
export async function fingerprint(db: Db): Promise<Record<string, string>> {
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1`.execute(db)
  const counted = tables
    .map(({ name }) => name)
    .filter((name) => name !== 'public.session' && name !== 'public.unknown_sign_in')
  const { rows } = await sql<{ name: string; value: string }>`${sql.raw(
    counted
      .map((name) => `select '${name}' as name, ${valueOf(name)} as value from ${name} t`)
      .join(' union all '),
  )}`.execute(db)
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

/** Columns that tell of attempts and uses; they are written from time to time, whatever is asked. */
const uncounted: Record<string, string> = {
  'public.user_account': "- 'failed_sign_ins' - 'last_failed_sign_in_at'",
  'public.oauth_token': "- 'last_used_at'",
  'public.app_token': "- 'last_used_at'",
  'public.robot': "- 'last_used_at'",
}

function valueOf(table: string): string {
  const left = uncounted[table]
  return left === undefined
    ? `count(*) || ' rows, ' || coalesce(sum(t.xmin::text::bigint), 0)`
    : `md5(string_agg((to_jsonb(t) ${left})::text, '' order by (to_jsonb(t) ${left})::text))`
}
