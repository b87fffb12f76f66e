/**
 * Fails when `generated/` is not what `npm run generate` would write; changes nothing. SDKs are compared by the hash of
 * the document they came from, with `--with-sdk` file by file (needs Java).
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { apis, pathOf } from './generate/document.ts'
import { generateFiles } from './generate/files.ts'
import { prepareGenerator } from './generate/jar.ts'
import { inTemporaryFolder, root } from './generate/run.ts'
import { specHash, writeSdk } from './generate/sdk.ts'
import { step } from './generate/step.ts'

type Files = Map<string, string>

/** Paths whose content differs between the two, or that only one of them has. */
function differences(wanted: Files, found: Files): string[] {
  const paths = new Set([...wanted.keys(), ...found.keys()])
  return [...paths].filter((path) => wanted.get(path) !== found.get(path)).sort()
}

/** The files of a folder and its folders, by path from that folder, with a prefix; a folder that is missing has none. */
async function readFolder(folder: string, prefix: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const read = async (path: string) =>
    [join(prefix, path.slice(folder.length)), await readFile(path, 'utf8')] as const
  return new Map(await Promise.all(paths.map(read)))
}

async function checkSdks(files: Files): Promise<string[]> {
  const missing = await prepareGenerator()
  if (missing) throw new Error(`--with-sdk cannot compare the SDKs: ${missing}`)
  return inTemporaryFolder(async (folder) => {
    await Promise.all(
      apis.map((api) => writeSdk(api, files.get(pathOf(api)) ?? '', join(folder, api))),
    )
    const checks = apis.map(async (api) => {
      const prefix = `generated/sdk/${api}`
      return differences(
        await readFolder(join(folder, api), prefix),
        await readFolder(join(root, prefix), prefix),
      )
    })
    return (await Promise.all(checks)).flat()
  })
}

const { values } = parseArgs({ options: { 'with-sdk': { type: 'boolean', default: false } } })
const files = await generateFiles()
const committed = await readFolder(join(root, 'generated'), 'generated')
const wanted = new Map(files)
for (const api of apis)
  wanted.set(`generated/sdk/${api}/SPEC.sha256`, specHash(api, files.get(pathOf(api)) ?? ''))
const found = [...committed].filter(
  ([path]) => wanted.has(path) || !path.startsWith('generated/sdk/'),
)
const stale = new Set(differences(wanted, new Map(found)))
if (values['with-sdk'])
  for (const path of await step('SDKs', () => checkSdks(files))) stale.add(path)
if (stale.size > 0) {
  console.error(
    [
      `generated/ is not up to date:`,
      ...[...stale].map((path) => `  ${path}`),
      'Run npm run generate and commit what it writes.',
    ].join('\n'),
  )
  process.exitCode = 1
}
