import { createHash, type Hash } from 'node:crypto'

import { RegistryError } from './errors.ts'

/** A content digest such as `sha256:…`: a registered algorithm and its full length in lower-case hex (OCI image specification, "Digests"). */
export type Digest = string & { readonly __brand: 'Digest' }

export const digestAlgorithms = ['sha256', 'sha512'] as const
export type DigestAlgorithm = (typeof digestAlgorithms)[number]

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** True for a well-formed digest of an algorithm that the registry supports. */
export function isDigest(text: string): text is Digest {
  return pattern.test(text)
}

/** Reads a digest. Throws `digest_invalid`. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new RegistryError(
    'digest_invalid',
    `'${text.slice(0, 160)}' is not a digest: expected sha256: and 64, or sha512: and 128, lower-case hex digits`,
  )
}

/** Digest algorithm by its name in `digest-algorithm`. Throws `digest_invalid`. */
export function parseDigestAlgorithm(text: string): DigestAlgorithm {
  const algorithm = digestAlgorithms.find((known) => known === text)
  if (algorithm) return algorithm
  throw new RegistryError(
    'digest_invalid',
    `digest algorithm '${text.slice(0, 40)}' is not supported: use ${digestAlgorithms.join(' or ')}`,
  )
}

/** The algorithm of a digest. */
export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** Digest of bytes held in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return hashDigest(algorithm, createHash(algorithm).update(bytes))
}

/** Digest from a running hash; the hash can go on afterwards. */
export function hashDigest(algorithm: DigestAlgorithm, hash: Hash): Digest {
  return `${algorithm}:${hash.copy().digest('hex')}` as Digest
}
