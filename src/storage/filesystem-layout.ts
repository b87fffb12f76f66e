import { join } from 'node:path'

import { algorithmOf, digestAlgorithms, isDigest, type Digest } from '#domain/digest.ts'
import { checkUploadId } from './upload-id.ts'

/** Where things lie under the root of the blob storage. All on one file system: a blob is an upload renamed. */
export interface Layout {
  root: string
  blobs: string
  uploads: string
}

/** The layout under `root`, an absolute path. */
export function layoutOf(root: string): Layout {
  return { root, blobs: join(root, 'blobs'), uploads: join(root, 'uploads') }
}

/** The folders above a blob, outermost first; the blob lies in the last one. */
export function blobFolders(layout: Layout, digest: Digest): [algorithm: string, fanOut: string] {
  const algorithm = join(layout.blobs, algorithmOf(digest))
  return [algorithm, join(algorithm, hexOf(digest).slice(0, 2))]
}

/** `<root>/blobs/sha256/ab/<hex>`. */
export function blobPath(layout: Layout, digest: Digest): string {
  return join(blobFolders(layout, digest)[1], hexOf(digest))
}

/** `<root>/uploads/<id>`. Throws `blob_upload_unknown` for an id that could lead elsewhere. */
export function uploadPath(layout: Layout, id: string): string {
  return join(layout.uploads, checkUploadId(id))
}

/** The digest that a path under `blobs` stands for; undefined for a file that is no blob. */
export function digestAt(algorithm: string, fanOut: string, name: string): Digest | undefined {
  const text = `${algorithm}:${name}`
  return isDigest(text) && name.startsWith(fanOut) && fanOut.length === 2 ? text : undefined
}

/** The algorithms' folders, with their names. */
export function algorithmFolders(layout: Layout): { algorithm: string; path: string }[] {
  return digestAlgorithms.map((algorithm) => ({ algorithm, path: join(layout.blobs, algorithm) }))
}

function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}
