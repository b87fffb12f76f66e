import { digestOf, algorithmOf } from '#domain/digest.ts'
import {
  listBrokenManifests,
  listDanglingTags,
  listManifestContents,
  type BrokenManifest,
  type DanglingTag,
  type ManifestContent,
} from '#store/check.ts'
import type { Deps } from '#deps.ts'
import { checkBlobs } from './check-blobs.ts'
import { checkUploads } from './check-uploads.ts'
import { pages } from './pages.ts'

/** What a check works with. It only reads. */
export type CheckDeps = Pick<Deps, 'db' | 'blobs'>

export interface CheckOptions {
  /** Reads all bytes and compares their digests too. */
  deep: boolean
  /** No server runs: nothing is under way, whatever the rows say. */
  isAlone: boolean
  /** The time at which leases count. */
  at: () => Date
  /** Hears how many bytes of blobs were read. */
  onRead?: (bytes: number) => void
}

/**
 * Compares rows and bytes both ways and gives a line for each thing that is wrong. Safe beside running servers: what
 * they are doing at the moment is not wrong. In memory there is a page of rows and a folder's names.
 */
export async function* checkStorage(
  deps: CheckDeps,
  options: CheckOptions,
): AsyncGenerator<string> {
  yield* checkBlobs(deps, options)
  yield* checkUploads(deps, options)
  yield* checkManifests(deps)
  yield* checkTags(deps)
  if (options.deep) yield* checkManifestDigests(deps)
}

async function* checkManifests({ db }: CheckDeps): AsyncGenerator<string> {
  const broken = pages<BrokenManifest>((last, limit) =>
    listBrokenManifests(db, {
      afterManifest: last?.manifestId ?? 0,
      afterBlob: last?.blobId ?? 0,
      limit,
    }),
  )
  for await (const { fullName, digest, blobDigest } of broken)
    yield `missing blob: manifest ${digest} of ${fullName} names ${blobDigest}, which the repository does not hold`
}

async function* checkTags({ db }: CheckDeps): AsyncGenerator<string> {
  const dangling = pages<DanglingTag>((last, limit) =>
    listDanglingTags(db, { after: last?.id ?? 0, limit }),
  )
  for await (const { fullName, name, digest } of dangling)
    yield `dangling tag: ${fullName}:${name} points at ${digest}, which the repository does not hold`
}

async function* checkManifestDigests({ db }: CheckDeps): AsyncGenerator<string> {
  const manifests = pages<ManifestContent>(
    (last, limit) => listManifestContents(db, { after: last?.id ?? 0, limit }),
    20,
  )
  for await (const { fullName, digest, content } of manifests) {
    const found = digestOf(content, algorithmOf(digest))
    if (found !== digest)
      yield `wrong digest: the bytes of manifest ${digest} of ${fullName} have the digest ${found}`
  }
}
