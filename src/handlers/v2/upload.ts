import { parseDigest, parseDigestAlgorithm, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { parseChunkRange } from '#domain/range.ts'
import { tryMount } from '#services/mount-blob.ts'
import { appendChunk } from '#services/append-chunk.ts'
import { cancelUpload, finishUpload, pushBlob, startUpload } from '#services/upload-blob.ts'
import { getUpload } from '#services/upload-lease.ts'
import type { Handlers } from '#operation.ts'

/** Smaller chunks are taken too, but each costs a round trip and a write of its own. */
const chunkMinBytes = 1_048_576

/** Uploads of blobs: at once, in chunks, or by mounting what another repository has. */
export const upload: Handlers<
  'startBlobUpload' | 'getBlobUpload' | 'patchBlobUpload' | 'finishBlobUpload' | 'cancelBlobUpload'
> = {
  async startBlobUpload({ target, actor, query, body, request }, deps) {
    const { mount, from } = query
    const push = { target, actor, algorithm: readHint(query['digest-algorithm']) }
    const mounted = await tryMount(deps, { target, actor, digest: mount, from, host: request.host })
    if (mounted) return { status: 201, headers: blobHeaders(target.fullName, mounted) }
    if (query.digest === undefined || !body) {
      const { id } = await startUpload(deps, push)
      return { status: 202, headers: begunHeaders(target.fullName, id) }
    }
    const digest = parseDigest(query.digest)
    await pushBlob(deps, push, { digest, source: body })
    return { status: 201, headers: blobHeaders(target.fullName, digest) }
  },
  async getBlobUpload({ target, params }, deps) {
    const found = await getUpload(deps, { id: params.upload_uuid, repositoryId: target.id })
    return {
      status: 204,
      headers: uploadHeaders(target.fullName, { id: found.id, bytes: found.offsetBytes }),
    }
  },
  async patchBlobUpload({ target, params, headers, body }, deps) {
    const wanted = { id: params.upload_uuid, repositoryId: target.id }
    const range = parseChunkRange(headers['content-range'])
    const bytes = await withPlace(target.fullName, wanted.id, () =>
      body ? appendChunk(deps, wanted, { source: body, range }) : sizeOf(),
    )
    return { status: 202, headers: uploadHeaders(target.fullName, { id: wanted.id, bytes }) }

    async function sizeOf() {
      return (await getUpload(deps, wanted)).offsetBytes
    }
  },
  async finishBlobUpload({ target, params, query, headers, body }, deps) {
    const wanted = { id: params.upload_uuid, repositoryId: target.id }
    const digest = parseDigest(query.digest)
    const range = parseChunkRange(headers['content-range'])
    await withPlace(target.fullName, wanted.id, () =>
      finishUpload(deps, wanted, { digest, chunk: body && { source: body, range } }),
    )
    return { status: 201, headers: blobHeaders(target.fullName, digest) }
  },
  async cancelBlobUpload({ target, params }, deps) {
    await cancelUpload(deps, { id: params.upload_uuid, repositoryId: target.id })
    return { status: 204 }
  },
}

function readHint(algorithm: string | undefined) {
  return algorithm === undefined ? undefined : parseDigestAlgorithm(algorithm)
}

function begunHeaders(fullName: string, id: string) {
  return {
    ...uploadHeaders(fullName, { id, bytes: 0 }),
    'OCI-Chunk-Min-Length': chunkMinBytes,
  }
}

function blobHeaders(fullName: string, digest: Digest) {
  return { Location: `/v2/${fullName}/blobs/${digest}`, 'Docker-Content-Digest': digest }
}

/** Where an upload stands. `Range` names the last byte held; an empty upload says `0-0` like its first byte does. */
function uploadHeaders(fullName: string, { id, bytes }: { id: string; bytes: number }) {
  return {
    Location: `/v2/${fullName}/blobs/uploads/${id}`,
    Range: `0-${Math.max(0, bytes - 1)}`,
    'Docker-Upload-UUID': id,
  }
}

/** A chunk out of order is told where the upload stands, so that the client can go on from there. */
async function withPlace<T>(fullName: string, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'range_invalid') throw error
    const bytes = Number(error.options.extra?.offset ?? 0)
    throw new RegistryError('range_invalid', error.message, {
      ...error.options,
      headers: uploadHeaders(fullName, { id, bytes }),
    })
  }
}
