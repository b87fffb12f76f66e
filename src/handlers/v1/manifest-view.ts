import { rfcDate } from '#domain/date.ts'
import type { Layer } from '#services/read-layers.ts'

/** A layer as the API shows it. */
export function viewLayer(layer: Layer, index: number) {
  const createdAt = layer.created === undefined ? undefined : new Date(layer.created)
  const isDate = createdAt !== undefined && !Number.isNaN(createdAt.getTime())
  return {
    index,
    compressed_size: layer.sizeBytes,
    is_remote: layer.urls !== undefined,
    urls: layer.urls ?? null,
    command: layer.command === undefined ? null : [layer.command],
    comment: layer.comment ?? null,
    author: layer.author ?? null,
    blob_digest: layer.digest,
    created_datetime: isDate ? rfcDate(createdAt) : null,
  }
}
