import { rfcDate } from '#domain/date.ts'
import type { Layer } from '#services/read-layers.ts'
import type { StoredManifest } from '#store/manifest.ts'

/** A manifest as the API shows it; an index has no layers of its own. */
export function viewManifest(manifest: StoredManifest, layers: readonly Layer[] | undefined) {
  return {
    digest: manifest.digest,
    is_manifest_list: manifest.isIndex,
    manifest_data: manifest.content.toString('utf8'),
    config_media_type: manifest.configMediaType,
    layers_compressed_size: manifest.isIndex ? 0 : manifest.layersSizeBytes,
    layers: layers?.map(viewLayer) ?? null,
  }
}

function viewLayer(layer: Layer, index: number) {
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
