import type { ByteRange } from '#domain/content.ts'
import { parseDigest, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { matchesEtag } from '#domain/etag.ts'
import { parseRange } from '#domain/range.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { deleteBlob } from '#services/delete-manifest.ts'
import { leaseFoundBlob } from '#services/mount-blob.ts'
import { findBlob, type HeldBlob } from '#store/blob.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'

const octetStream = 'application/octet-stream'
/** Content of a digest never changes. */
const forEver = 'private, max-age=31536000, immutable'

/** Blobs: whole, in ranges, or only whether they are there. */
export const blob: Handlers<'getBlob' | 'headBlob' | 'deleteBlob'> = {
  async getBlob({ target, params, headers }, deps) {
    const found = await getBlob(deps, target, parseDigest(params.digest))
    const identity = identityOf(found)
    if (matchesEtag(headers['if-none-match'], identity.ETag))
      return { status: 304, headers: identity }
    // A range is for the content that the client has begun to load; when that is another, it gets the whole.
    const isSame = headers['if-range'] === undefined || headers['if-range'] === identity.ETag
    const ranges = isSame ? parseRange(headers.range, found.sizeBytes) : undefined
    return ranges ? partsOf(found, ranges) : wholeOf(found)
  },
  async headBlob({ target, params, headers }, deps) {
    const found = await getBlob(deps, target, parseDigest(params.digest))
    await leaseFoundBlob(deps, { repository: target, blob: found })
    const identity = identityOf(found)
    if (matchesEtag(headers['if-none-match'], identity.ETag))
      return { status: 304, headers: identity }
    return {
      status: 200,
      headers: {
        ...servedAs(found),
        'Content-Type': octetStream,
        'Content-Length': found.sizeBytes,
      },
    }
  },
  async deleteBlob({ target, params }, deps) {
    await deleteBlob(deps, { repository: target, digest: parseDigest(params.digest) })
    return { status: 202 }
  },
}

async function getBlob(
  deps: Deps,
  { id: repositoryId, fullName }: RepositoryTarget,
  digest: Digest,
): Promise<HeldBlob> {
  const found = await findBlob(deps.db, { repositoryId, digest })
  if (!found) throw new RegistryError('blob_unknown', `no blob ${digest} in ${fullName}`)
  if (!found.isDamaged) return found
  void deps.recheckBlob(digest, 'marked')
  throw new RegistryError(
    'blob_unknown',
    `the bytes of blob ${digest} are damaged or missing in the storage: push the blob again`,
  )
}

function identityOf({ digest }: HeldBlob) {
  return {
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Control': forEver,
  }
}

function servedAs(found: HeldBlob) {
  return { ...identityOf(found), 'Accept-Ranges': 'bytes' as const }
}

function contentOf({ digest, sizeBytes }: HeldBlob) {
  return { kind: 'blob' as const, digest, sizeBytes }
}

function wholeOf(found: HeldBlob) {
  return {
    status: 200 as const,
    headers: { ...servedAs(found), 'Content-Length': found.sizeBytes },
    body: contentOf(found),
  }
}

/** Of several ranges, each part says itself where it belongs. */
function partsOf(found: HeldBlob, ranges: ByteRange[]) {
  const [first, ...others] = ranges
  const place =
    first && others.length === 0
      ? { 'Content-Range': `bytes ${first.start}-${first.end}/${found.sizeBytes}` }
      : {}
  return {
    status: 206 as const,
    headers: { ...servedAs(found), ...place },
    body: { ...contentOf(found), ranges },
  }
}
