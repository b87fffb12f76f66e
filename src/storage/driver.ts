import type { Digest } from '#domain/digest.ts'

/**
 * Where blob bytes live. A driver knows nothing of repositories or rights: it keeps bytes under their
 * digest, and uploads under an id until they become one. Rows in the database name what is here.
 *
 * Every driver passes `test/storage/contract.ts`.
 */
export interface BlobDriver {
  /**
   * Opens an upload for writing at `offset` bytes: 0 for a new one, else what an earlier request has left.
   * Bytes that an interrupted writer left beyond `offset` are dropped. Throws `blob_upload_unknown` when
   * fewer than `offset` bytes are there, and `storage_full` as every writing call does when there is no room.
   */
  openUpload(id: string, offset: number): Promise<UploadSink>
  /**
   * Streams the first `length` bytes of an upload, to hash them again after a resume. A chunk is valid until
   * the next one is asked for. Throws `blob_upload_unknown` when fewer bytes are there.
   */
  readUpload(id: string, length: number): AsyncIterable<Uint8Array>
  /**
   * Copies the first `length` bytes of an upload to a new id, so that a writer that lost its lease
   * cannot reach the bytes that go on from here. Throws `blob_upload_unknown` when fewer bytes are there.
   */
  copyUpload(id: string, copyId: string, length: number): Promise<void>
  /**
   * Makes an upload of exactly `sizeBytes` bytes the blob `digest`: durable (file and directory synced)
   * when it returns. The caller has verified the digest, so a blob that is already there is replaced: whatever
   * has become of its bytes, these are good. Readers of the old bytes go on reading them.
   * Throws `blob_upload_unknown`, or `size_invalid` when the upload holds another number of bytes.
   */
  finishUpload(id: string, digest: Digest, sizeBytes: number): Promise<void>
  /** Removes an upload's bytes. An unknown id is no error. */
  removeUpload(id: string): Promise<void>
  /** Size in bytes, or undefined when the upload's bytes are not here. */
  findUploadSize(id: string): Promise<number | undefined>

  /** Size in bytes, or undefined when the bytes are not here. */
  findBlobSize(digest: Digest): Promise<number | undefined>
  /** Opens a blob for reading. Throws `blob_unknown` when the bytes are not here. */
  openBlob(digest: Digest): Promise<BlobReader>
  /** Removes a blob's bytes. An unknown digest is no error. */
  removeBlob(digest: Digest): Promise<void>

  /** All blobs in byte order of their digests; for checks and clean-up, never for requests. */
  listBlobs(): AsyncIterable<StoredBlob>
  /** All uploads in byte order of their ids; for checks and clean-up. */
  listUploads(): AsyncIterable<StoredUpload>
  /** Proves that bytes can be written and read; throws `unavailable` with the reason. */
  checkHealth(): Promise<void>
}

/** A blob as the storage lists it. */
export interface StoredBlob {
  digest: Digest
  sizeBytes: number
  /** When its bytes or its name were last written. */
  changedAt: Date
}

/** An upload as the storage lists it. */
export interface StoredUpload {
  id: string
  sizeBytes: number
  /** When its bytes or its name were last written. */
  changedAt: Date
}

/** The writing end of an upload. One writer at a time: the caller holds the upload's lease. */
export interface UploadSink {
  /** Takes a chunk; the buffer may be reused by the caller once the promise is settled. Throws `storage_full`. */
  write(chunk: Uint8Array): Promise<void>
  /**
   * Ends writing; every chunk is handed to the operating system when it settles. Safe to call twice. When it
   * or a `write` throws, the upload is back at the offset that it was opened at.
   */
  close(): Promise<void>
}

/** The reading end of a blob. */
export interface BlobReader {
  readonly sizeBytes: number
  /** Another text whenever somebody may have written to the bytes or replaced them. Decay of the medium does not show in it. */
  readonly version: string
  /**
   * Fills `target` from byte `position` on and gives how many bytes it read: 0 only at the end.
   * Calls do not overlap.
   */
  read(target: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}
