import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

import { root, run } from './run.ts'

/**
 * Makes sure that the pinned openapi-generator lies where `openapitools.json` looks for it: from the cache, else from the
 * local Maven repository, which Maven fills when it can. Gives the reason when there is no Java or no jar.
 */
export async function prepareGenerator(): Promise<string | undefined> {
  if ((await run('java', ['-version'])).failed) return 'Java is not installed'
  const [expected = '', path = ''] = (await readFile(join(root, 'tools/oag.sha256'), 'utf8')).split(
    /\s+/,
  )
  const jar = join(root, path)
  if ((await hashOf(jar)) === expected) return undefined
  const version = /([\d.]+)\.jar$/.exec(path)?.[1] ?? ''
  const repository = join(homedir(), '.m2/repository')
  const place = `org/openapitools/openapi-generator-cli/${version}/openapi-generator-cli-${version}.jar`
  const stored = join(repository, place)
  if ((await hashOf(stored)) === undefined) {
    const artifact = `org.openapitools:openapi-generator-cli:${version}:jar`
    // The artifact is a fat jar: its dependencies are inside, and fetching them again would take minutes.
    const options = [
      `-Dmaven.repo.local=${repository}`,
      `-Dartifact=${artifact}`,
      '-Dtransitive=false',
    ]
    await run('mvn', ['-q', '-B', 'dependency:get', ...options])
  }
  const found = await hashOf(stored)
  if (found === undefined) return 'Maven could not fetch the jar'
  if (found !== expected) return `${stored} has another hash than tools/oag.sha256`
  await mkdir(dirname(jar), { recursive: true })
  await copyFile(stored, jar)
  return undefined
}

/** sha256 of a file in hex; undefined when there is no such file. */
async function hashOf(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch(() => undefined)
  return bytes && createHash('sha256').update(bytes).digest('hex')
}
