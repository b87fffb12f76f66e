import { parseDigest, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { matchesEtag } from '#domain/etag.ts'
import type { ManifestType } from '#domain/manifest.ts'
import { parseTagName } from '#domain/name.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { deleteManifest } from '#services/delete-manifest.ts'
import { deleteTag } from '#services/delete-tag.ts'
import { pushManifest } from '#services/push-manifest.ts'
import { findManifest, findManifestByTag, type StoredManifest } from '#store/manifest.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'

/** Tags that one push may set beside its digest. */
const maxTagParameters = 100

/** Manifests by tag or digest, byte for byte. */
export const manifest: Handlers<'getManifest' | 'headManifest' | 'putManifest' | 'deleteManifest'> =
  {
    async getManifest({ target, params, headers }, deps) {
      const found = await getManifest(deps, target, params.reference)
      const identity = identityOf(found)
      if (matchesEtag(headers['if-none-match'], identity.ETag))
        return { status: 304, headers: identity }
      return {
        status: 200,
        type: found.mediaType as ManifestType,
        headers: { ...identity, 'Content-Length': found.content.length },
        body: found.content,
      }
    },
    async headManifest({ target, params, headers }, deps) {
      const found = await getManifest(deps, target, params.reference)
      const identity = identityOf(found)
      if (matchesEtag(headers['if-none-match'], identity.ETag))
        return { status: 304, headers: identity }
      return {
        status: 200,
        headers: {
          ...identity,
          'Content-Type': found.mediaType as ManifestType,
          'Content-Length': found.content.length,
        },
      }
    },
    async putManifest({ target, actor, params, query, body }, deps) {
      const { digest, tags } = readNames(params.reference, query.tag)
      const { contentType } = body
      const bytes = await body.bytes(deps.config.MAXIMUM_MANIFEST_SIZE)
      const pushed = await pushManifest(deps, { target, actor, bytes, contentType, digest, tags })
      return {
        status: 201,
        headers: {
          Location: `/v2/${pushed.fullName}/manifests/${pushed.digest}`,
          'Docker-Content-Digest': pushed.digest,
          ...(pushed.subjectDigest ? { 'OCI-Subject': pushed.subjectDigest } : {}),
          ...(digest && tags.length > 0 ? { 'OCI-Tag': tags.join(', ') } : {}),
        },
      }
    },
    async deleteManifest({ target, actor, params }, deps) {
      const { reference } = params
      await (isDigestReference(reference)
        ? deleteManifest(deps, { repository: target, digest: parseDigest(reference), actor })
        : untag(deps, { repository: target, name: parseTagName(reference), actor }))
      return { status: 202 }
    },
  }

/** The names of a push: one tag, or a digest and the tags to set beside it, each once. */
function readNames(
  reference: string,
  beside: readonly string[] | undefined,
): { digest: Digest | undefined; tags: string[] } {
  if (!isDigestReference(reference)) {
    if (beside)
      throw new RegistryError('invalid_request', 'tag goes with a push by digest, not by tag')
    return { digest: undefined, tags: [parseTagName(reference)] }
  }
  const digest = parseDigest(reference)
  if (beside && beside.length > maxTagParameters)
    throw new RegistryError('uri_too_long', `at most ${maxTagParameters} tags can be set at once`)
  return { digest, tags: [...new Set(beside?.map(parseTagName))] }
}

/** Text with a colon is a digest: no tag can hold one. */
function isDigestReference(reference: string): boolean {
  return reference.includes(':')
}

async function getManifest(
  { db, clock }: Deps,
  { id: repositoryId, fullName }: RepositoryTarget,
  reference: string,
): Promise<StoredManifest> {
  const found = isDigestReference(reference)
    ? await findManifest(db, { repositoryId, digest: parseDigest(reference) })
    : await findManifestByTag(db, { repositoryId, tag: parseTagName(reference), at: clock.now() })
  if (!found) throw new RegistryError('manifest_unknown', `no manifest ${reference} in ${fullName}`)
  return found
}

function identityOf({ digest }: StoredManifest) {
  return { 'Docker-Content-Digest': digest, ETag: `"${digest}"` }
}

/** Removes a tag; in the words of this face a missing one is an unknown manifest. */
async function untag(
  deps: Deps,
  tag: { repository: RepositoryTarget; name: string; actor: KnownActor },
): Promise<void> {
  try {
    await deleteTag(deps, tag)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'not_found') throw error
    throw new RegistryError('manifest_unknown', error.message, { cause: error })
  }
}
