import { createHash, timingSafeEqual } from 'node:crypto'

import { parseOAuthScopes } from './oauth-scope.ts'
import type { OAuthScope } from './principal.ts'

/** What an application asks of a person (RFC 6749, 4.1.1 and 4.2.1; RFC 7636). */
export interface AuthorizationRequest {
  redirectUri: string
  scope: string
  responseType: string
  state: string | undefined
  assignmentUuid: string | undefined
  codeChallenge: string | undefined
  codeChallengeMethod: string | undefined
}

/** What an application is told when it asks for the wrong thing (RFC 6749, 4.1.2.1). */
export interface AuthorizationError {
  error: 'invalid_request' | 'unsupported_response_type' | 'invalid_scope'
  description: string
}

/** What was asked for, once it has been checked. */
export interface CheckedAuthorization {
  responseType: 'code' | 'token'
  scopes: OAuthScope[]
  /** S256 challenge of PKCE. */
  codeChallenge: string | undefined
}

const challengePattern = /^[\w-]{43}$/
const verifierPattern = /^[\w.~-]{43,128}$/

/** Checks what the application may be told about: everything but who it is and where it is reached. */
export function checkAuthorization(
  request: AuthorizationRequest,
): CheckedAuthorization | AuthorizationError {
  const { responseType, codeChallenge, codeChallengeMethod } = request
  if (responseType !== 'code' && responseType !== 'token')
    return {
      error: 'unsupported_response_type',
      description: 'response_type must be code or token',
    }
  const scopes = parseOAuthScopes(request.scope)
  if (!scopes) return { error: 'invalid_scope', description: 'a scope is not known' }
  if (codeChallenge === undefined && codeChallengeMethod === undefined)
    return { responseType, scopes, codeChallenge }
  if (codeChallengeMethod !== 'S256' || !challengePattern.test(codeChallenge ?? ''))
    return {
      error: 'invalid_request',
      description: 'code_challenge must be an S256 challenge, with code_challenge_method=S256',
    }
  return { responseType, scopes, codeChallenge }
}

/** True when a verifier fits the challenge of its code; without a challenge there must be no verifier (RFC 9700, 2.1.1). */
export function provesChallenge(verifier: string | undefined, challenge: string | null): boolean {
  if (challenge === null) return verifier === undefined
  if (verifier === undefined || !verifierPattern.test(verifier)) return false
  const proof = createHash('sha256').update(verifier).digest('base64url')
  return (
    proof.length === challenge.length && timingSafeEqual(Buffer.from(proof), Buffer.from(challenge))
  )
}
