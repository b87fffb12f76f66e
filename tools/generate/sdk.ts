import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { serialize } from './bundle.ts'
import { pathOf, type Api, type OpenApiDocument } from './document.ts'
import { mustRun, root } from './run.ts'
import { sdkInput } from './sdk-input.ts'
import { packageFiles } from './sdk-package.ts'

const wrapper = join(root, 'node_modules/@openapitools/openapi-generator-cli/main.js')
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const unwanted = [
  '.npmignore',
  '.gitignore',
  '.openapi-generator',
  '.openapi-generator-ignore',
  'tsconfig.esm.json',
]

interface GeneratorConfig {
  'generator-cli': {
    storageDir: string
    generators: Record<string, { inputSpec: string; output: string }>
  }
}

/** What `SPEC.sha256` of an SDK says of the document it came from; `sha256sum -c` understands it. */
export function specHash(api: Api, text: string): string {
  return `${createHash('sha256').update(text).digest('hex')}  ${pathOf(api)}\n`
}

/** Writes the package of one SDK (sources, compiled modules, declarations) into an empty folder; `text` is the bundled document. */
export async function writeSdk(api: Api, text: string, folder: string): Promise<void> {
  await generateSources(api, text, folder)
  for (const name of unwanted) await rm(join(folder, name), { recursive: true, force: true })
  const files = { ...packageFiles(api), 'SPEC.sha256': specHash(api, text) }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  await mustRun(process.execPath, [tsc, '--project', folder])
}

/** Runs openapi-generator as `openapitools.json` says, only from and to other places. */
async function generateSources(api: Api, text: string, folder: string): Promise<void> {
  const config = JSON.parse(
    await readFile(join(root, 'openapitools.json'), 'utf8'),
  ) as GeneratorConfig
  const settings = config['generator-cli']
  const generator = settings.generators[api]
  if (!generator) throw new Error(`openapitools.json has no generator ${api}`)
  const [inputSpec, configFile] = [`${folder}.json`, `${folder}.openapitools.json`]
  settings.storageDir = join(root, settings.storageDir)
  settings.generators = { [api]: { ...generator, inputSpec, output: folder } }
  await writeFile(inputSpec, serialize(sdkInput(JSON.parse(text) as OpenApiDocument)))
  await writeFile(configFile, JSON.stringify(config))
  await mustRun(process.execPath, [wrapper, 'generate', '--openapitools', configFile])
}
