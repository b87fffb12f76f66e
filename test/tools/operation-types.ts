/**
 * Checked by tsc, never run: what the handler types of `src/operation.ts` must refuse. A line under
 * `@ts-expect-error` that compiles is itself an error.
 */
import type { BlobContent, UploadSource } from '#domain/content.ts'
import type { Handler, Handlers, Reply } from '#operation.ts'

type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function holds<_ extends true>() {}

const digest = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const page = { tags: [], page: 1, has_additional: false }

export const list: Handler<'listRepoTags'> = ({ params, query, target, actor, body }) => {
  holds<Is<typeof params.repository, string>>()
  holds<Is<typeof body, undefined>>()
  holds<Is<typeof query.limit, number | undefined>>()
  holds<Is<typeof target.kind, 'repository'>>()
  holds<Is<typeof actor.kind, 'anonymous' | 'user' | 'robot'>>()
  // @ts-expect-error the path has no such parameter
  params.tag
  // @ts-expect-error the query has no such parameter
  query.size
  return { status: 200, body: page }
}

export const change: Handler<'changeTag'> = async ({ params, body, actor }) => {
  holds<Is<typeof params.tag, string>>()
  holds<Is<typeof body.manifest_digest, string | null | undefined>>()
  holds<Is<typeof actor.kind, 'user' | 'robot'>>()
  // @ts-expect-error the body has no such field
  body.tag
  return { status: 201, body: 'Updated' }
}

export const remove: Handler<'deleteFullTag'> = () => ({ status: 204 })

// @ts-expect-error the document declares 200
export const wrongStatus: Handler<'listRepoTags'> = () => ({ status: 201, body: page })
// @ts-expect-error a refusal is thrown, never answered
export const refusal: Handler<'deleteFullTag'> = () => ({ status: 404 })
// @ts-expect-error 204 has no body
export const bodyTooMuch: Handler<'deleteFullTag'> = () => ({ status: 204, body: page })
// @ts-expect-error 200 has a body
export const bodyMissing: Handler<'listRepoTags'> = () => ({ status: 200 })
const mistyped = { ...page, page: '1' }
// @ts-expect-error a field of another type
export const wrongField: Handler<'listRepoTags'> = () => ({ status: 200, body: mistyped })
// @ts-expect-error a required field is missing
export const fieldMissing: Handler<'listRepoTags'> = () => ({ status: 200, body: { tags: [] } })
// @ts-expect-error the body is one word
export const wrongWord: Handler<'changeTag'> = () => ({ status: 201, body: digest })
// @ts-expect-error no media type but JSON is declared
export const wrongType: Reply<'changeTag'> = { status: 201, type: 'text/plain', body: 'Updated' }
// @ts-expect-error deleteFullTag has no handler
export const incomplete: Handlers<'changeTag' | 'deleteFullTag'> = { changeTag: change }
// @ts-expect-error there is no such operation
export const unknown: Handlers<'deleteTag'> = {}

const address = {
  Location: '/v2/acme/nginx/blobs/uploads/1',
  Range: '0-0',
  'Docker-Upload-UUID': '1',
}
const blob: BlobContent = { kind: 'blob', digest: digest as BlobContent['digest'], sizeBytes: 5 }
const described = { 'Content-Length': 5, 'Docker-Content-Digest': digest, ETag: `"${digest}"` }

export const start: Handler<'startBlobUpload'> = ({ query, body, target }) => {
  holds<Is<typeof query.from, string | undefined>>()
  holds<Is<typeof body, UploadSource | undefined>>()
  holds<Is<typeof target.kind, 'repository' | 'new-repository'>>()
  return { status: 202, headers: address }
}

export const send: Handler<'getBlob'> = ({ headers, target }) => {
  holds<Is<typeof headers.range, string | undefined>>()
  holds<Is<typeof target.kind, 'repository'>>()
  return {
    status: 200,
    body: blob,
    headers: { ...described, 'Accept-Ranges': 'bytes', 'Cache-Control': '' },
  }
}

export const ask: Handler<'headManifest'> = () => ({ status: 304, headers: described })

// @ts-expect-error 202 needs its headers
export const headersMissing: Handler<'startBlobUpload'> = () => ({ status: 202 })
// @ts-expect-error 202 needs every one of them
export const headerMissing: Handler<'startBlobUpload'> = () => ({
  status: 202,
  headers: { Location: '/' },
})
// @ts-expect-error a blob is bytes, not text
export const text: Handler<'getBlob'> = () => ({ status: 200, body: 'hello', headers: described })
// @ts-expect-error the answer to HEAD has no body
export const headWithBody: Handler<'headManifest'> = () => ({
  status: 304,
  headers: described,
  body: blob,
})
// @ts-expect-error 503 is thrown where it is a refusal
export const unavailable: Handler<'checkApi'> = () => ({ status: 503, body: { errors: [] } })
