import { randomUUID } from 'node:crypto'
import jwt from 'jsonwebtoken'

import type { SigningKeys } from './signing-keys.ts'

/** Life of a password that a robot got for a token of an outside issuer. */
const robotPasswordSeconds = 3600
const leewaySeconds = 30

/** What stands for a robot at a login for an hour. */
export interface RobotPassword {
  /** `owner+short`. */
  username: string
  uuid: string
  /** Renewed with the robot's token, and when an issuer is taken from it: what was made before is over. */
  credentialEpoch: string
}

interface Place {
  /** Name of this registry's key service. */
  service: string
  /** Host and port at which the password is good. */
  host: string
  at: Date
}

/** An issuer of its own: nobody can use such a password as a registry token, nor a registry token as a password. */
const issuerOf = ({ service }: Place) => `${service}/robot`

/** Signs a password for a robot. */
export async function signRobotPassword(
  keys: SigningKeys,
  robot: RobotPassword,
  place: Place,
): Promise<string> {
  const { kid, privateKey } = await keys.signer()
  const issuedAt = Math.floor(place.at.getTime() / 1000)
  const claims = {
    iss: issuerOf(place),
    aud: place.host,
    sub: robot.username,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + robotPasswordSeconds,
    jti: randomUUID(),
    context: { version: 2, entity_reference: robot.uuid, epoch: robot.credentialEpoch },
  }
  return jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: kid })
}

/** True for text that may be such a password; a robot's own token has no dot. */
export function looksLikeRobotPassword(text: string): boolean {
  return text.includes('.')
}

/** Reads a password that `signRobotPassword` has made for this host; undefined when it is none, or over. */
export async function readRobotPassword(
  keys: SigningKeys,
  password: string,
  place: Place,
): Promise<RobotPassword | undefined> {
  try {
    const kid = jwt.decode(password, { complete: true })?.header.kid
    if (typeof kid !== 'string' || !/^[\w-]{1,128}$/.test(kid)) return undefined
    const publicKey = await keys.verifier(kid)
    if (!publicKey) return undefined
    const { sub, context } = jwt.verify(password, publicKey, {
      algorithms: ['ES256'],
      issuer: issuerOf(place),
      audience: place.host,
      clockTolerance: leewaySeconds,
      clockTimestamp: Math.floor(place.at.getTime() / 1000),
    }) as jwt.JwtPayload & { sub: string }
    return { username: sub, uuid: context.entity_reference, credentialEpoch: context.epoch }
  } catch (error) {
    if (error instanceof jwt.JsonWebTokenError || error instanceof SyntaxError) return undefined
    throw error
  }
}
