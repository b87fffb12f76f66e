import type { Anonymous, Principal } from '#domain/principal.ts'

/** Who shows no credential. */
export const nobody: Anonymous = { kind: 'anonymous', credential: { kind: 'none' } }

/**
 * Who is asking, out of what each scheme gave or threw (openapi-backend's `context.security`) and the alternatives
 * that the operation declares; undefined when the operation takes nobody without a credential. A bad credential is refused
 * before anybody is taken for anonymous; a missing CSRF token counts only with the alternative that needs it.
 */
export function identify(
  given: unknown,
  alternatives: readonly Readonly<Record<string, readonly string[]>>[],
): Principal | undefined {
  const results = given as Record<string, { error?: unknown } | Principal | true | undefined>
  const failure = (scheme: string) => (results[scheme] as { error?: unknown } | undefined)?.error
  for (const alternative of alternatives) {
    const [first, ...others] = Object.keys(alternative)
    if (first === undefined) continue
    if (first !== 'csrf' && failure(first)) throw failure(first)
    if (!results[first] && first !== 'csrf') continue
    const failed = [first, ...others].find(failure)
    if (failed) throw failure(failed)
    return first === 'csrf' ? nobody : (results[first] as Principal)
  }
  const admitsAnybody =
    alternatives.length === 0 || alternatives.some((each) => Object.keys(each).length === 0)
  return admitsAnybody ? nobody : undefined
}
