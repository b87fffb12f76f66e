import type { ErrorObject } from 'ajv'

import type { ErrorCode } from '#domain/errors.ts'

/** Says what is wrong with a request, in the words of its document: `limit must be >= 1; …`. */
export function explainValidation(errors: readonly ErrorObject[]): string {
  const sentences = new Set(errors.map(explain))
  return [...sentences].slice(0, 5).join('; ')
}

/** The code of such a refusal. The OCI specification has one of its own for a digest that is missing. */
export function codeOfValidation(errors: readonly ErrorObject[]): ErrorCode {
  const lacksDigest = errors.some(
    ({ instancePath, params }) => instancePath === '/query' && params.missingProperty === 'digest',
  )
  return lacksDigest ? 'digest_invalid' : 'invalid_request'
}

function explain(error: ErrorObject): string {
  const [, , ...path] = error.instancePath.split('/')
  const place = path.length === 0 ? whole(error) : path.join('.').replaceAll('~1', '/')
  switch (error.keyword) {
    case 'additionalProperties':
      return `${place} has no parameter '${error.params.additionalProperty}'`
    case 'enum':
      return `${place} must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`
    case 'required':
      return `${place} lacks '${error.params.missingProperty}'`
    default:
      return `${place} ${error.message ?? 'is not valid'}`
  }
}

function whole(error: ErrorObject): string {
  const part = error.instancePath.split('/')[1]
  return part === 'requestBody' || part === undefined ? 'the body' : `the ${part}`
}
