/** What the database's errors mean. */

/** True for an error that says that a unique index refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '23505'
}

/** True when the database ended the transaction because two waited for each other. */
export function isDeadlock(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '40P01'
}

const connectionErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'])

/** True when the database cannot be reached or is shutting down: the request may be tried again soon. */
export function isDatabaseDown(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string }
  return (
    connectionErrors.has(code) ||
    // Class 08: connection exceptions; 57P0x: shutting down; 53300: too many connections.
    /^(?:08...|57P0[123]|53300)$/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      message,
    )
  )
}
