/**
 * How long an account still waits after wrong passwords, in milliseconds: half a second times 2^n - 1 from
 * the last of n failures (Quay's rule), an hour at most.
 */
export function signInWaitMs(account: {
  failures: number
  lastFailureAt: Date | null
  at: Date
}): number {
  if (account.failures === 0 || !account.lastFailureAt) return 0
  const waitMs = Math.min(500 * (2 ** Math.min(account.failures, 40) - 1), 3_600_000)
  return Math.max(0, account.lastFailureAt.getTime() + waitMs - account.at.getTime())
}

/** Wrong passwords before this time no longer count when one more comes, `at` a time: after a day nobody waits any more. */
export function countingSince(at: Date): Date {
  return new Date(at.getTime() - 86_400_000)
}
