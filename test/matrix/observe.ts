import { outcome, type Call } from '#test/support/client.ts'
import type { Request } from './operations.ts'
import type { Outcome } from './outcomes.ts'

/** Refusals by status and error code; what a gate may say and no more. */
const refusals: Record<'v1' | 'v2', Record<string, Outcome>> = {
  v1: {
    '401 invalid_token': '401',
    '401 fresh_login_required': 'fresh',
    '403 insufficient_scope': '403',
    '403 invalid_csrf_token': 'csrf',
    '404 not_found': '404',
    '503 repository_not_normal': '503',
  },
  v2: {
    '401 UNAUTHORIZED': 'chal',
    '403 DENIED': 'deny',
    '404 NAME_UNKNOWN': '404',
    // HEAD answers have no body.
    '401': 'chal',
    '403': 'deny',
    '404': '404',
  },
}

/**
 * Makes a call and names what came of it. `+`: it got past the gate, because the next step complained of what a
 * probe is made to be complained of, or it succeeded. Anything else that is no refusal is given as it is,
 * `500 internal`, and so is an answer that breaks its document.
 */
export async function observe(call: Call, request: Request, face: 'v1' | 'v2'): Promise<string> {
  try {
    const answer = await call(request.method, request.path, request.options)
    const isPast =
      answer.status < 300 ||
      (answer.status === 400 &&
        (request.method === 'HEAD' ||
          /no parameter 'matrix'|not a repository name/.test(answer.text)))
    if (isPast) return '+'
    if (face === 'v2' && answer.status === 401 && !isChallenge(answer.headers))
      return '401 without a challenge'
    const seen = (await outcome(answer)).join(' ')
    return refusals[face][seen] ?? seen
  } catch (error) {
    return (error as Error).message
  }
}

function isChallenge(headers: Headers): boolean {
  return /^(?:Bearer realm="http.+",service="[^"]+"|Basic )/.test(
    headers.get('www-authenticate') ?? '',
  )
}
