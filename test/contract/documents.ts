import { readFileSync } from 'node:fs'

interface Parameter {
  name: string
  in: string
  example?: unknown
}
export interface DocumentOperation {
  operationId: string
  parameters?: (Parameter | { $ref: string })[]
  responses: Record<string, { headers?: Record<string, unknown> } | { $ref: string }>
}
interface Document {
  paths: Record<string, Record<string, DocumentOperation>>
  components: { parameters: Record<string, Parameter> }
}

/** The bundled documents. */
export const documentPaths = ['generated/v1.json', 'generated/v2.json']

const documents = documentPaths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Document)

/** Finds an operation by the template of its path, and its method. */
export function findOperation(template: string, method: string): DocumentOperation {
  const found = documents.find(({ paths }) => paths[template])?.paths[template]
  return found![method.toLowerCase()]!
}

/** Every `operationId status` of a document. */
export function declaredPairs(document: Pick<Document, 'paths'>): string[] {
  return operationsOf(document).flatMap(({ operationId, responses }) =>
    Object.keys(responses).map((status) => `${operationId} ${status}`),
  )
}

function operationsOf({ paths }: Pick<Document, 'paths'>): DocumentOperation[] {
  return Object.values(paths)
    .flatMap((item) => Object.values(item))
    .filter((operation) => operation.operationId !== undefined)
}

/**
 * A document as dredd can read it. It stumbles over a `Content-Type` among the headers of a response, which HEAD needs,
 * and over a hyphen in the name of a query parameter: fixtures say what is in the query.
 */
export function dreddInput(text: string): string {
  const document = JSON.parse(text) as Document
  for (const operation of operationsOf(document)) {
    if (operation.parameters)
      operation.parameters = operation.parameters.filter(
        (each) => resolve(document, each).in === 'path',
      )
    for (const response of Object.values(operation.responses))
      if ('headers' in response) delete response.headers?.['Content-Type']
  }
  return JSON.stringify(document)
}

function resolve({ components }: Document, parameter: Parameter | { $ref: string }): Parameter {
  return '$ref' in parameter ? components.parameters[parameter.$ref.split('/').at(-1)!]! : parameter
}

/** The examples of an operation's path parameters, by name. */
export function pathExamples(
  template: string,
  operation: DocumentOperation,
): Record<string, string> {
  const document = documents.find(({ paths }) => paths[template])!
  return Object.fromEntries(
    (operation.parameters ?? [])
      .map((each) => resolve(document, each))
      .filter((parameter) => parameter.in === 'path')
      .map((parameter) => [parameter.name, String(parameter.example)]),
  )
}
