import pg from 'pg'
import { vi } from 'vitest'

/** Does something, and gives the statements that went to databases meanwhile: their text, in order. */
export async function watchStatements<T>(
  work: () => Promise<T>,
): Promise<{ answer: T; statements: string[] }> {
  const statements: string[] = []
  const original = pg.Client.prototype.query
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [first] = given as [string | { text: string }]
    statements.push(typeof first === 'string' ? first : first.text)
    return original.apply(this, given as never) as never
  })
  try {
    return { answer: await work(), statements }
  } finally {
    spy.mockRestore()
  }
}
