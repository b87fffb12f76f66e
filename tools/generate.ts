/** `npm run generate`: writes `generated/` from the documents, the migrations and, with Java at hand, openapi-generator. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

import { apis, pathOf } from './generate/document.ts'
import { generateFiles } from './generate/files.ts'
import { prepareGenerator } from './generate/jar.ts'
import { inTemporaryFolder, root } from './generate/run.ts'
import { writeSdk } from './generate/sdk.ts'
import { step } from './generate/step.ts'

async function writeFiles(files: Map<string, string>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}

async function replaceSdks(files: Map<string, string>): Promise<void> {
  const missing = await prepareGenerator()
  if (missing) {
    console.warn(
      `generated/sdk stays as it is: ${missing}. If a document has changed, run this again where Java and Maven are.`,
    )
    return
  }
  await inTemporaryFolder(async (folder) => {
    await Promise.all(
      apis.map((api) => writeSdk(api, files.get(pathOf(api)) ?? '', join(folder, api))),
    )
    for (const api of apis) {
      const target = join(root, 'generated/sdk', api)
      await rm(target, { recursive: true, force: true })
      await cp(join(folder, api), target, { recursive: true })
    }
  })
}

const { values } = parseArgs({ options: { 'without-sdk': { type: 'boolean', default: false } } })
const files = await generateFiles()
await writeFiles(files)
if (!values['without-sdk']) await step('SDKs', () => replaceSdks(files))
