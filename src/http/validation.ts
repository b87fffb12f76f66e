import type { ErrorObject } from 'ajv'

/** Says what is wrong with a request, in the words of its document: `limit must be >= 1; …`. */
export function explainValidation(errors: readonly ErrorObject[]): string {
  const sentences = new Set(errors.map(explain))
  return [...sentences].slice(0, 5).join('; ')
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
