import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'

import type { Clock } from '#domain/clock.ts'
import { RegistryError } from '#domain/errors.ts'
import { transact, type Db } from '#store/db.ts'
import {
  findSigningKey,
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  type SigningKeyRow,
} from '#store/signing-key.ts'
import { seal, unseal } from './secrets.ts'

const hourMs = 3_600_000
/** A key signs for a week; its tokens live minutes, so a day of overlap verifies all of them on every node. */
const signsMs = 7 * 24 * hourMs
const overlapMs = 24 * hourMs

/** The keys of this registry's tokens; made, rotated and shared through the database. */
export interface SigningKeys {
  /** The key to sign with now. */
  signer(): Promise<{ kid: string; privateKey: KeyObject }>
  /** The key to verify with, or undefined when no live key has this id. */
  verifier(kid: string): Promise<KeyObject | undefined>
}

interface LoadedKey {
  kid: string
  signsUntil: number
  expiresAt: number
  privateKey: KeyObject
  publicKey: KeyObject
}

/** Reads the keys from the database when they are first needed, and makes one when none can sign. */
export function openSigningKeys(options: {
  db: Db
  secretKey: string
  service: string
  clock: Clock
}): SigningKeys {
  const { db, secretKey, service, clock } = options
  let loaded: LoadedKey[] = []
  let loading: Promise<void> | undefined
  const reload = () =>
    (loading ??= ensureKeys(db, { secretKey, service, at: clock.now() })
      .then((rows) => {
        loaded = rows.map((row) => loadKey(secretKey, row))
      })
      .finally(() => {
        loading = undefined
      }))
  const current = () => loaded.find((key) => key.signsUntil > clock.now().getTime())

  return {
    async signer() {
      if (!current()) await reload()
      const key = current()
      if (!key) throw new RegistryError('internal', 'no key can sign registry tokens')
      return key
    },
    async verifier(kid) {
      const find = () =>
        loaded.find((key) => key.kid === kid && key.expiresAt > clock.now().getTime())
      if (find()) return find()?.publicKey
      // Another node may have made the key a moment ago.
      if (await findSigningKey(db, kid)) await reload()
      return find()?.publicKey
    },
  }
}

async function ensureKeys(
  db: Db,
  key: { secretKey: string; service: string; at: Date },
): Promise<SigningKeyRow[]> {
  const signs = (row: SigningKeyRow) => row.signs_until > key.at
  const rows = await listSigningKeys(db, key)
  if (rows.some(signs)) return rows
  return transact(db, async (tx) => {
    await lockSigningKeys(tx)
    const again = await listSigningKeys(tx, key)
    if (again.some(signs)) return again
    const made = makeKey(key)
    await insertSigningKey(tx, made)
    return [made, ...again]
  })
}

function makeKey(key: { secretKey: string; service: string; at: Date }): SigningKeyRow {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  // RFC 7638: the required members in lexical order, without white space.
  const canonical = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })
  const kid = createHash('sha256').update(canonical).digest('base64url')
  const signsUntil = new Date(key.at.getTime() + signsMs)
  return {
    kid,
    service: key.service,
    public_jwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' },
    sealed_private_key: seal(
      key.secretKey,
      privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    ),
    created_at: key.at,
    signs_until: signsUntil,
    expires_at: new Date(signsUntil.getTime() + overlapMs),
  }
}

function loadKey(secretKey: string, row: SigningKeyRow): LoadedKey {
  const privateKey = createPrivateKey(openPrivateKey(secretKey, row))
  return {
    kid: row.kid,
    signsUntil: row.signs_until.getTime(),
    expiresAt: row.expires_at.getTime(),
    privateKey,
    publicKey: createPublicKey(privateKey),
  }
}

function openPrivateKey(secretKey: string, row: SigningKeyRow): string {
  try {
    return unseal(secretKey, row.sealed_private_key)
  } catch (cause) {
    throw new RegistryError(
      'internal',
      'the signing keys in the database cannot be opened: SECRET_KEY is not the one they were sealed with',
      { cause },
    )
  }
}
