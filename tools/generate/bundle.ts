import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { parse } from 'yaml'

import type { Api, OpenApiDocument } from './document.ts'
import { carryEveryOperation, injectEveryOperation } from './every-operation.ts'
import { inTemporaryFolder, root, runRedocly } from './run.ts'

/**
 * Bundles `openapi/<api>.yaml` and what it refers to into one document with local references only, and puts the
 * responses of `x-every-operation` into its operations. Works on a copy: the tree stays as it is.
 */
export async function bundle(api: Api, folder = join(root, 'openapi')): Promise<OpenApiDocument> {
  return inTemporaryFolder(async (copy) => {
    await cp(folder, copy, { recursive: true })
    const [entry, output] = [join(copy, `${api}.yaml`), join(copy, `${api}.bundle.json`)]
    const source = parse(await readFile(entry, 'utf8')) as Record<string, unknown>
    await writeFile(entry, JSON.stringify(carryEveryOperation(source)))
    const outcome = await runRedocly(['bundle', entry, '--output', output])
    if (outcome.failed)
      throw new Error(
        `redocly bundle openapi/${api}.yaml failed\n${outcome.stderr.replaceAll(copy, 'openapi')}`,
      )
    const document = injectEveryOperation(
      JSON.parse(await readFile(output, 'utf8')) as OpenApiDocument,
    )
    refuseOutsideReferences(api, document)
    return document
  })
}

/** The text of a bundled document as it is committed and hashed. */
export function serialize(document: OpenApiDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`
}

/** openapi-backend and dredd follow local references only; what Redocly left is a reference into nowhere. */
function refuseOutsideReferences(api: Api, document: OpenApiDocument): void {
  const outside = serialize(document).match(/"\$ref": "(?!#\/components\/)[^"]*"/)
  if (outside)
    throw new Error(
      `openapi/${api}.yaml: the bundle keeps ${outside[0]}; refer to it under components`,
    )
}
