import { isDigest, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { findBlob } from '#store/blob.ts'
import type { StoredManifest } from '#store/manifest.ts'
import type { Deps } from '#deps.ts'

/** A layer of an image, with what the image's history says of it. */
export interface Layer {
  digest: Digest
  sizeBytes: number
  urls: string[] | undefined
  command: string | undefined
  comment: string | undefined
  author: string | undefined
  /** As the history has it: RFC 3339 text, if it keeps to the rules. */
  created: string | undefined
}

interface HistoryEntry {
  created?: string
  created_by?: string
  comment?: string
  author?: string
  empty_layer?: boolean
}

/** A config that is larger than this is no image's; its layers are shown without history. */
const maxConfigBytes = 4 * 1_048_576

/** The layers of an image manifest, bottom first. A config that is missing or odd leaves the history out. */
export async function readLayers(
  deps: Deps,
  repositoryId: number,
  manifest: StoredManifest,
): Promise<Layer[]> {
  const document = JSON.parse(manifest.content.toString('utf8')) as {
    config: { digest: string; size: number }
    layers: { digest: Digest; size: number; urls?: string[] }[]
  }
  const history = await readHistory(deps, repositoryId, document.config)
  return document.layers.map((layer, index) => {
    const entry = history[index] ?? {}
    return {
      digest: layer.digest,
      sizeBytes: layer.size,
      urls: layer.urls,
      command: text(entry.created_by),
      comment: text(entry.comment),
      author: text(entry.author),
      created: text(entry.created),
    }
  })
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

async function readHistory(
  { blobs, db }: Pick<Deps, 'blobs' | 'db'>,
  repositoryId: number,
  config: { digest: string; size: number },
): Promise<HistoryEntry[]> {
  if (!isDigest(config.digest) || config.size > maxConfigBytes) return []
  // With sparse images allowed, a manifest may name what only other repositories hold: that is not shown.
  const held = await findBlob(db, { repositoryId, digest: config.digest })
  if (!held || held.isDamaged) return []
  const bytes = await readWhole(blobs, config.digest)
  try {
    const { history } = JSON.parse(bytes.toString('utf8')) as { history?: HistoryEntry[] }
    return Array.isArray(history) ? history.filter((entry) => !entry?.empty_layer) : []
  } catch {
    // Artifacts have configs that are no JSON; they have no history either.
    return []
  }
}

async function readWhole(blobs: Deps['blobs'], digest: Digest): Promise<Buffer> {
  const reader = await blobs.openBlob(digest).catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === 'blob_unknown') return undefined
    throw error
  })
  if (!reader) return Buffer.alloc(0)
  try {
    if (reader.sizeBytes > maxConfigBytes) return Buffer.alloc(0)
    const bytes = Buffer.alloc(reader.sizeBytes)
    let position = 0
    while (position < bytes.length) {
      const count = await reader.read(bytes.subarray(position), position)
      if (count === 0) break
      position += count
    }
    return bytes.subarray(0, position)
  } finally {
    await reader.close()
  }
}
