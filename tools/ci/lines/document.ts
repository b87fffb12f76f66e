import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { root } from '../command.ts'

/** One block of lines, as the document has it. */
export interface Step {
  name: string
  script: string
}

/** What stands under one heading, in the order of the document. */
export interface Section {
  title: string
  steps: Step[]
}

/** The registry and the user that a reader puts in place of those of the documents. */
export interface Account {
  host: string
  username: string
  password: string
}

const written: Account = {
  host: 'localhost:8080',
  username: 'ada',
  password: 'correct-horse-battery-staple',
}

/**
 * Reads the sections of a document below `docs`. A block begins with three backticks, `sh` and the name of its step.
 * Throws when one has no name, because nothing would run it.
 */
export async function readSections(file: string, account: Account): Promise<Section[]> {
  const [, ...parts] = (await readFile(join(root, 'docs', file), 'utf8')).split(/^## /m)
  return parts.map((part) => {
    const title = part.slice(0, part.indexOf('\n')).trim()
    const steps = [...part.matchAll(/^```sh (\S+)\n([\s\S]*?)^```$/gm)].map(
      ([, name = '', script = '']) => ({ name, script: fillIn(script, account) }),
    )
    if (steps.length !== [...part.matchAll(/^```sh/gm)].length)
      throw new Error(`${file}: a block of '${title}' has no name`)
    return { title, steps }
  })
}

function fillIn(script: string, { host, username, password }: Account): string {
  return script
    .replaceAll(written.host, host)
    .replaceAll(written.password, password)
    .replaceAll(new RegExp(`\\b${written.username}\\b`, 'g'), username)
}
