import { isDigest, type Digest } from './digest.ts'
import { RegistryError } from './errors.ts'
import { parseJson } from './json.ts'

export const imageManifestType = 'application/vnd.oci.image.manifest.v1+json'
export const imageIndexType = 'application/vnd.oci.image.index.v1+json'
export const dockerManifestType = 'application/vnd.docker.distribution.manifest.v2+json'
export const dockerListType = 'application/vnd.docker.distribution.manifest.list.v2+json'

/** Media types that are taken as manifests. */
const manifestTypes = [
  imageManifestType,
  imageIndexType,
  dockerManifestType,
  dockerListType,
] as const
export type ManifestType = (typeof manifestTypes)[number]

const schema1Types = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
])

/** What the registry reads of a manifest; its bytes are kept as they came. */
export interface Manifest {
  mediaType: ManifestType
  isIndex: boolean
  /** `artifactType`, or for an image without one the type of its config (OCI, "Listing Referrers"). */
  artifactType: string | null
  configMediaType: string | null
  subjectDigest: Digest | null
  annotations: Record<string, string> | null
  /** Blobs that must be in the repository. */
  blobs: Descriptor[]
  /** Manifests that an index names. */
  children: Descriptor[]
  /** Compressed size of the layers in bytes; null for an index. */
  layersSizeBytes: number | null
}

export interface Descriptor {
  digest: Digest
  sizeBytes: number
}

const maxDescriptors = 20_000

/**
 * Reads a manifest. `contentType` is the media type of the request, without parameters; when it is missing
 * the document's own `mediaType` counts. Throws `unsupported_media_type` or `manifest_invalid`.
 */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest {
  const document = parseObject(bytes)
  if (document.schemaVersion === 1 || schema1Types.has(contentType))
    throw new RegistryError(
      'unsupported_media_type',
      'Docker manifests of schema 1 are not taken: push with a client newer than docker 1.10',
    )
  if (document.schemaVersion !== 2) throw invalid('schemaVersion must be 2')
  const stated = document.mediaType
  if (stated !== undefined && typeof stated !== 'string') throw invalid('mediaType must be text')
  const mediaType = knownType(contentType === '' ? (stated ?? '') : contentType)
  if (stated !== undefined && stated !== mediaType)
    throw invalid(`the Content-Type is ${mediaType}, but mediaType in the document is ${stated}`)
  const isIndex = mediaType === imageIndexType || mediaType === dockerListType
  demandOneKind(document, isIndex)
  const parts = isIndex ? readIndex(document) : readImage(document)
  const { subject } = document
  return {
    mediaType,
    isIndex,
    ...parts,
    artifactType: artifactTypeOf(document, parts.configMediaType),
    subjectDigest:
      subject === undefined || subject === null ? null : readDescriptor(subject, 'subject').digest,
    annotations: readAnnotations(document.annotations),
  }
}

/** A document that could be read as an image and as an index means two things under one digest (CVE-2021-41190). */
function demandOneKind(document: Json, isIndex: boolean): void {
  const foreign = (isIndex ? ['config', 'layers'] : ['manifests']).find((key) => key in document)
  if (foreign !== undefined)
    throw invalid(`${isIndex ? 'an index' : 'an image manifest'} cannot hold ${foreign}`)
}

type Json = Record<string, unknown>

function parseObject(bytes: Uint8Array): Json {
  let document: unknown
  try {
    document = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new RegistryError(
      'manifest_invalid',
      `the manifest is not JSON: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
  if (!isObject(document)) throw invalid('the manifest must be a JSON object')
  return document
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function knownType(text: string): ManifestType {
  const known = manifestTypes.find((type) => type === text)
  if (known) return known
  throw new RegistryError(
    'unsupported_media_type',
    `'${text.slice(0, 120)}' is not a manifest type that is taken here: use ${manifestTypes.join(', ')}`,
  )
}

function readImage(document: Json) {
  const { config, layers } = document
  if (!isObject(config)) throw invalid('config must be a descriptor')
  if (!Array.isArray(layers)) throw invalid('layers must be a list of descriptors')
  const configDescriptor = readDescriptor(config, 'config')
  if (typeof config.mediaType !== 'string') throw invalid('config.mediaType must be text')
  const descriptors = readList(layers, 'layers')
  const kept = descriptors.filter((_, index) => !isElsewhere(layers[index] as Json))
  const layersSizeBytes = descriptors.reduce((sum, layer) => sum + layer.sizeBytes, 0)
  if (!Number.isSafeInteger(layersSizeBytes)) throw invalid('the layers are too large together')
  return {
    configMediaType: config.mediaType,
    blobs: [configDescriptor, ...kept],
    children: [],
    layersSizeBytes,
  }
}

/** Layers that may not be given away lie at their vendor's; the registry does not demand them. */
function isElsewhere(layer: Json): boolean {
  const type = String(layer.mediaType)
  return type.includes('.nondistributable.') || type.includes('.foreign.')
}

function readIndex(document: Json) {
  const { manifests } = document
  if (!Array.isArray(manifests)) throw invalid('manifests must be a list of descriptors')
  return {
    configMediaType: null,
    blobs: [],
    children: readList(manifests, 'manifests'),
    layersSizeBytes: null,
  }
}

function readList(values: readonly unknown[], name: string): Descriptor[] {
  if (values.length > maxDescriptors)
    throw invalid(`${name} holds more than ${maxDescriptors} entries`)
  return values.map((value, index) => readDescriptor(value, `${name}[${index}]`))
}

function readDescriptor(value: unknown, name: string): Descriptor {
  if (!isObject(value)) throw invalid(`${name} must be a descriptor`)
  const { digest, size } = value
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(`${name}.digest is not a digest`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`${name}.size must be a number of bytes`)
  return { digest, sizeBytes: size }
}

function artifactTypeOf(document: Json, configMediaType: string | null): string | null {
  const { artifactType } = document
  if (artifactType !== undefined && typeof artifactType !== 'string')
    throw invalid('artifactType must be text')
  return artifactType || configMediaType
}

function readAnnotations(value: unknown): Record<string, string> | null {
  if (value === undefined || value === null) return null
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== 'string'))
    throw invalid('annotations must map text to text')
  return value as Record<string, string>
}

function invalid(message: string): RegistryError {
  return new RegistryError('manifest_invalid', message)
}
