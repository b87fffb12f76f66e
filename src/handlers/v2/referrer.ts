import { parseDigest, type Digest } from '#domain/digest.ts'
import { imageIndexType } from '#domain/manifest.ts'
import type { NewRepositoryTarget, RepositoryTarget } from '#domain/target.ts'
import { listReferrers, type Referrer } from '#store/manifest.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'
import { linkTo } from './link.ts'

const pageSize = 1_000
/** About the size of the largest manifest: an index that clients read whole (OCI, "Listing Referrers"). */
const pageBytes = 4 * 1_048_576

/** Manifests whose subject is a given one: signatures, attestations, SBOMs. */
export const referrer: Handlers<'listReferrers'> = {
  async listReferrers({ target, params, query }, deps) {
    const subject = parseDigest(params.digest)
    const { artifactType, last = '' } = query
    const { referrers, next } = await listPage(deps, target, { subject, artifactType, last })
    const path = `/v2/${target.fullName}/referrers/${subject}`
    return {
      status: 200,
      headers: {
        ...(artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
        ...(next === undefined ? {} : linkTo(path, { artifactType, last: next })),
      },
      type: imageIndexType,
      body: { schemaVersion: 2, mediaType: imageIndexType, manifests: referrers.map(describe) },
    }
  },
}

/** A page, and after which digest the next one begins. Nothing refers to anything in a repository that is not there. */
async function listPage(
  { db }: Deps,
  target: RepositoryTarget | NewRepositoryTarget,
  wanted: { subject: Digest; artifactType: string | undefined; last: string },
): Promise<{ referrers: Referrer[]; next: string | undefined }> {
  if (target.kind === 'new-repository') return { referrers: [], next: undefined }
  const page = { repositoryId: target.id, limit: pageSize, maxBytes: pageBytes }
  const { referrers, hasMore } = await listReferrers(db, { ...wanted, ...page })
  return { referrers, next: hasMore ? referrers.at(-1)?.digest : undefined }
}

function describe(found: Referrer) {
  return {
    mediaType: found.media_type,
    digest: found.digest,
    size: found.size_bytes,
    ...(found.artifact_type === null ? {} : { artifactType: found.artifact_type }),
    ...(found.annotations === null ? {} : { annotations: found.annotations }),
  }
}
