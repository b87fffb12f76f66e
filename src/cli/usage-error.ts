/** What was asked for cannot be done as it was asked; the message is one line, the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
