import { RegistryError } from '#domain/errors.ts'

const pattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-\d{1,9})?$/

/** True for the id of an upload: a lower-case uuid, and `-<generation>` once a writer has lost its lease. */
export function isUploadId(text: string): boolean {
  return pattern.test(text)
}

/** Gives the id back. Throws `blob_upload_unknown` for any other text, so that no path can leave its folder. */
export function checkUploadId(id: string): string {
  if (isUploadId(id)) return id
  throw new RegistryError('blob_upload_unknown', `'${id.slice(0, 60)}' is not the id of an upload`)
}

/** The refusal for an upload that is not here, or that holds fewer bytes than the caller was promised. */
export function unknownUpload(id: string): RegistryError {
  return new RegistryError(
    'blob_upload_unknown',
    `the bytes of upload ${id} are not here: start a new upload`,
  )
}

/** The refusal for an upload that holds another number of bytes than it should end with. */
export function wrongUploadSize(
  id: string,
  sizeBytes: number,
  expectedBytes: number,
): RegistryError {
  return new RegistryError(
    'size_invalid',
    `upload ${id} holds ${sizeBytes} bytes, not the ${expectedBytes} it should end with`,
  )
}

/** The refusal for a blob whose bytes are not here. */
export function unknownBlob(digest: string): RegistryError {
  return new RegistryError('blob_unknown', `the bytes of blob ${digest} are not here`)
}
