import type { Digest } from './digest.ts'

/** Bytes `start` to `end`, both inclusive, as in HTTP. */
export interface ByteRange {
  start: number
  end: number
}

/** A reply's body that is a blob: `http/` opens and sends it. No ranges: the whole. */
export interface BlobContent {
  kind: 'blob'
  digest: Digest
  sizeBytes: number
  ranges?: ByteRange[]
}

/** A request's body on its way into an upload. */
export interface UploadSource {
  /** Media type of the request without parameters, in lower case; empty when there is none. */
  readonly contentType: string
  /** Declared length in bytes; undefined with chunked transfer. */
  readonly lengthBytes: number | undefined
  /**
   * Feeds the body chunk by chunk, waiting for each, and gives the number of bytes.
   * Throws `size_invalid` when the client stops early and `payload_too_large` over the limit.
   */
  into(write: (chunk: Uint8Array) => Promise<void>): Promise<number>
  /** The whole body, for manifests: at most `limitBytes`, else `payload_too_large`. */
  bytes(limitBytes: number): Promise<Uint8Array>
}
