import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'

import { connect } from '#store/db.ts'
import { createDatabase } from '#test/support/database.ts'

test.for([
  ['of the server may take a minute', { isPatient: false }, '1min'],
  ['of a migration may take as long as it likes', { isPatient: true }, '0'],
] as const)('a statement %s', async ([, options, limit]) => {
  const { connectionString, drop } = await createDatabase()
  const { db, close } = connect({ connectionString, maxConnections: 1, ...options })
  onTestFinished(async () => {
    await close()
    await drop()
  })
  const { rows } = await sql`show statement_timeout`.execute(db)
  expect(rows).toEqual([{ statement_timeout: limit }])
})
