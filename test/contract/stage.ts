/** Somebody with a browser session on the main server. */
export interface Person {
  name: string
  password: string
  cookie: string
  csrfToken: string
}

/**
 * The servers that dredd runs against, and what fixtures find there. `main` has people and every feature; `closed`
 * serves nobody anonymously and has no account; `bare` has features switched off, and a signing key that is past
 * its time; `hasty` is `main` once more, but pushes make namespaces there, and bodies that do not come find little patience; `mailing` is
 * `main` too, and sends mails; `down` would send them, but has lost its database.
 */
export interface Stage {
  /** `http://127.0.0.1:PORT` of each. */
  servers: Record<'main' | 'closed' | 'bare' | 'hasty' | 'mailing' | 'down', string>
  /** On `main`. The keeper owns repositories, the stranger nothing, and the warden is a superuser with full access. */
  people: Record<'keeper' | 'stranger' | 'warden', Person>
  /** An OAuth token of the keeper that reads repositories, and nothing else. */
  narrow: string
  /** A repository of the keeper: `tag` is immutable and points at `digest`, `other` is the digest of another manifest. */
  immutable: { repository: string; tag: string; digest: string; other: string }
  /** A repository in a namespace that was disabled after the token had been given. */
  disabled: { repository: string; token: string }
  /** `kid` of the old key of `bare`. */
  expiredKey: string
  /** Codes of mails to the keeper; each works once. */
  codes: Record<'confirm' | 'confirmOnPage' | 'recover' | 'recoverOnPage', string>
}

/** Environment variables by which the gate tells dredd's hooks about the stage and where to report. */
export const stageVariable = 'PORTOLAN_CONTRACT_STAGE'
export const reportVariable = 'PORTOLAN_CONTRACT_REPORT'

/** What the hooks write at the end; a report that is missing means that they were not loaded. */
export interface Report {
  /** `operationId status` of each pair that was sent and answered as declared. */
  ran: string[]
  /** What is wrong with the others that were sent. */
  failed: Record<string, string[]>
}
