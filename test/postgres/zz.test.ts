import { expect, test } from 'vitest'
import { createDatabase } from '#test/support/database.ts'
test('clone', async () => {
  const t = performance.now()
  const d = await createDatabase()
  console.log(d.connectionString, performance.now() - t)
  await d.drop()
  expect(1).toBe(1)
})
