/** What the database's errors mean. */

/** True for an error that says that a unique index refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '23505'
}

/** True when the database ended the transaction because two waited for each other. */
export function isDeadlock(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '40P01'
}

/** True when the database has no room left. */
export function isDatabaseFull(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '53100'
}

const connectionErrors = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/**
 * True when the database cannot be reached, is shutting down, or lacks what a statement needs: memory, connections,
 * time (`statement_timeout`), a disk that works. The request may be tried again soon.
 */
export function isDatabaseDown(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string }
  return (
    connectionErrors.has(code) ||
    // Class 08: connection exceptions; 57P0x, 25P03: ended by the server; 53: resources; 57014: out of time; 58030: I/O.
    /^(?:08...|57P0[1235]|25P03|53[234]00|57014|58030)$/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      message,
    )
  )
}
