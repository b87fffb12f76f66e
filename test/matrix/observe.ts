import type { Outcome } from './outcomes.ts'
import type { Answer } from './wire.ts'

/** Refusals by status and error code; what a gate may say and no more. */
const refusals: Record<'v1' | 'v2', Record<string, Outcome>> = {
  v1: {
    '400 invalid_request': 'bad',
    '401 invalid_token': '401',
    '401 fresh_login_required': 'fresh',
    '403 insufficient_scope': '403',
    '403 denied': 'deny',
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
 * probe is made to be complained of, or it succeeded; pages take parameters that they do not know, and complain of others. Anything else that is no refusal is given as it is,
 * `500 internal`, and so is an answer that breaks its document.
 */
export async function observe(
  sent: Promise<Answer>,
  face: 'v1' | 'v2',
  { takesAnyParameter = false } = {},
): Promise<string> {
  try {
    const { status, headers, text, code } = await sent
    if (status < 300) return '+'
    if (status === 400 && (takesAnyParameter || pastTheGate.test(text))) return '+'
    if (face === 'v2' && status === 401 && !isChallenge(headers)) return '401 without a challenge'
    const seen = `${status} ${code}`.trim()
    return refusals[face][seen] ?? seen
  } catch (error) {
    return (error as Error).message
  }
}

/** What a probe is told behind the gate; HEAD is told nothing. */
const pastTheGate = /no parameter 'matrix'|is not a repository name|^$/

function isChallenge(headers: Headers): boolean {
  return /^Bearer realm="http.+",service="[^"]+"/.test(headers.get('www-authenticate') ?? '')
}
