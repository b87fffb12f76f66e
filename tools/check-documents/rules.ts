import { rights } from '#domain/permission.ts'

import { inputIsBounded } from './bounds.ts'
import { featuresOf, operationsOf, resolve } from '../generate/document.ts'
import type { MediaType, OpenApiDocument, PlacedOperation } from '../generate/document.ts'

/** Gives what is wrong with one operation, or nothing. */
export type Rule = (placed: PlacedOperation, document: OpenApiDocument) => string[]

/** The words beside `require` are checked by tsc, in `generated/permissions.ts`. */
const permissionIsKnown: Rule = ({ operation }) => {
  const { require } = operation['x-permission'] ?? {}
  return rights.some((right) => right === require)
    ? []
    : [`x-permission requires ${JSON.stringify(require)}, which is none of ${rights.join(', ')}`]
}

const isJson = (mediaType: string) => /[/+]json$/.test(mediaType)

function unnamed(place: string, content: Record<string, MediaType> = {}): string[] {
  return Object.entries(content)
    .filter(([mediaType, { schema }]) => isJson(mediaType) && !schema?.['$ref'])
    .map(([mediaType]) => `${place}: the schema of ${mediaType} needs a name under schemas`)
}

/** SDKs name types after schemas; what has none becomes `InlineObject1`. */
const bodiesAreNamed: Rule = ({ operation }, document) => [
  ...Object.entries(operation.responses).flatMap(([status, response]) =>
    unnamed(status, resolve(document, response).content),
  ),
  ...(operation.requestBody
    ? unnamed('request', resolve(document, operation.requestBody).content)
    : []),
]

/** A form that leads on answers 302 and nothing else. */
const answersSomething: Rule = ({ operation }) =>
  Object.keys(operation.responses).some((status) => /^[23]/.test(status))
    ? []
    : ['declares no 2xx or 3xx response']

const refusalIsDeclared: Rule = ({ operation }) =>
  Object.keys(operation.responses).some((status) => status.startsWith('4'))
    ? []
    : ['declares no 4xx response']

interface Scheme {
  flows?: Record<string, { scopes: Record<string, string> }>
}

const credentialsExist: Rule = ({ operation }, document) => {
  const schemes = document.components?.['securitySchemes'] ?? {}
  const named = (operation.security ?? []).flatMap((alternative) => Object.entries(alternative))
  return named.flatMap(([name, scopes]) => {
    const scheme = schemes[name] as Scheme | undefined
    if (!scheme) return [`security names ${name}, which is no security scheme`]
    const known = Object.values(scheme.flows ?? {}).flatMap((flow) => Object.keys(flow.scopes))
    return scopes
      .filter((scope) => !known.includes(scope))
      .map((scope) => `security names the scope ${scope}, which ${name} does not have`)
  })
}

/** Checks that compare the CSRF token themselves, because a form has it in a field. */
const formChecks = ['form-csrf', 'oauth-consent', 'oauth-administrator']

/** Another site can make a browser send the cookie, but not the header or the field. */
const cookieComesWithCsrf: Rule = ({ method, operation }) =>
  method === 'get' ||
  method === 'head' ||
  formChecks.includes(String(operation['x-permission']?.['checkBody']))
    ? []
    : (operation.security ?? [])
        .filter((alternative) => 'session' in alternative && !('csrf' in alternative))
        .map(() => 'changes something, so session needs csrf beside it')

/** Every rule that looks at one operation; `isFeature` knows the configuration's flags. */
export function rules(isFeature: (name: string) => boolean): Rule[] {
  const featuresExist: Rule = ({ operation }) =>
    featuresOf(operation)
      .filter((feature) => !isFeature(feature))
      .map((feature) => `x-feature names ${feature}, which is no configuration key`)
  return [
    permissionIsKnown,
    bodiesAreNamed,
    answersSomething,
    refusalIsDeclared,
    credentialsExist,
    cookieComesWithCsrf,
    featuresExist,
    inputIsBounded,
  ]
}

/** Applies rules to every operation. Each fault begins with the operationId. */
export function findFaults(document: OpenApiDocument, applied: Rule[]): string[] {
  return operationsOf(document).flatMap((placed) => {
    const name = placed.operation.operationId ?? `${placed.method} ${placed.path}`
    return applied.flatMap((rule) => rule(placed, document)).map((fault) => `${name}: ${fault}`)
  })
}

/** One namespace for both documents: handlers, permissions and metrics are keyed by operationId. */
export function findDoubleNames(documents: OpenApiDocument[]): string[] {
  const ids = documents.flatMap(operationsOf).map(({ operation }) => operation.operationId)
  const doubles = ids.filter((id, index) => ids.indexOf(id) !== index)
  return doubles.map((id) => `${id}: the operationId is used more than once`)
}
