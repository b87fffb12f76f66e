import { parseDigest } from '#domain/digest.ts'
import { imageIndexType } from '#domain/manifest.ts'
import { listReferrers, type Referrer } from '#store/manifest.ts'
import type { Handlers } from '#operation.ts'

const pageSize = 1_000
/** About the size of the largest manifest: an index that clients read whole (OCI, "Listing Referrers"). */
const pageBytes = 4 * 1_048_576

/** Manifests whose subject is a given one: signatures, attestations, SBOMs. */
export const referrer: Handlers<'listReferrers'> = {
  async listReferrers({ target, params, query }, { db }) {
    const subject = parseDigest(params.digest)
    const { referrers, hasMore } =
      target.kind === 'new-repository'
        ? { referrers: [], hasMore: false }
        : await listReferrers(db, {
            repositoryId: target.id,
            subject,
            artifactType: query.artifactType,
            last: query.last ?? '',
            limit: pageSize,
            maxBytes: pageBytes,
          })
    const last = hasMore ? referrers.at(-1)?.digest : undefined
    const next = new URLSearchParams({
      ...(query.artifactType === undefined ? {} : { artifactType: query.artifactType }),
      last: last ?? '',
    })
    return {
      status: 200,
      headers: {
        ...(query.artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
        ...(last === undefined
          ? {}
          : { Link: `</v2/${target.fullName}/referrers/${subject}?${next}>; rel="next"` }),
      },
      type: imageIndexType,
      body: { schemaVersion: 2, mediaType: imageIndexType, manifests: referrers.map(describe) },
    }
  },
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
