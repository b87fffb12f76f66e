/** Credentials whose last use is shown to their owner. */
export type UsedKind = 'robot' | 'app_token' | 'oauth_token'

/** Takes down when credentials were used. */
export interface LastUse {
  /** A credential was accepted now; `id` is that of the robot's account, or of the token's row. */
  record(kind: UsedKind, id: number): void
  /** Writes what has come together: one statement a kind. What could not be written is kept for the next time. */
  flush(): Promise<void>
}
