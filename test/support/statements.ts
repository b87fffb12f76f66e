import pg from 'pg'
import { vi } from 'vitest'

/**
 * Does something, and gives the statements that went to databases meanwhile: their text, in order, and of
 * those that have parameters and were not prepared (`unprepared`).
 */
export async function watchStatements<T>(
  work: () => Promise<T>,
): Promise<{ answer: T; statements: string[]; unprepared: string[] }> {
  const statements: string[] = []
  const unprepared: string[] = []
  const original = pg.Client.prototype.query
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [first] = given as [string | { text: string; name?: string; values?: unknown[] }]
    const { text, name, values = [] } = typeof first === 'string' ? { text: first } : first
    statements.push(text)
    if (values.length > 0 && name === undefined) unprepared.push(text)
    return original.apply(this, given as never) as never
  })
  try {
    return { answer: await work(), statements, unprepared }
  } finally {
    spy.mockRestore()
  }
}
