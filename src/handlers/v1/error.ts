import { errorCodes, RegistryError, type ErrorCode } from '#domain/errors.ts'
import type { Handlers } from '#operation.ts'

/** What the names of errors mean. */
export const error: Handlers<'getErrorDescription'> = {
  getErrorDescription({ params, request }) {
    const { error_type: title } = params
    if (!Object.hasOwn(errorCodes, title))
      throw new RegistryError('not_found', `no error is called ${title}`)
    const { description } = errorCodes[title as ErrorCode]
    return {
      status: 200,
      body: { type: `${request.baseUrl}/api/v1/error/${title}`, title, description },
    }
  },
}
