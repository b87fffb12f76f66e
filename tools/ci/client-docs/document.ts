import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { root } from '../command.ts'

/** One block of lines, as the document has it. */
export interface Step {
  name: string
  script: string
}

/** What one client does, in the order of the document. */
export interface Section {
  client: string
  steps: Step[]
}

/** The registry and the user that a reader puts in place of those of the document. */
export interface Account {
  host: string
  username: string
  password: string
}

const file = join(root, 'docs', 'clients.md')
const written: Account = {
  host: 'localhost:8080',
  username: 'ada',
  password: 'correct-horse-battery-staple',
}

/** Reads the sections of `docs/clients.md`. A block begins with three backticks, `sh` and the name of its step. */
export async function readSections(account: Account): Promise<Section[]> {
  const [, ...parts] = (await readFile(file, 'utf8')).split(/^## /m)
  return parts.map((part) => ({
    client: part.slice(0, part.indexOf('\n')).trim(),
    steps: [...part.matchAll(/^```sh (\S+)\n([\s\S]*?)^```$/gm)].map(([, name, script]) => ({
      name: name ?? '',
      script: fillIn(script ?? '', account),
    })),
  }))
}

function fillIn(script: string, { host, username, password }: Account): string {
  return script
    .replaceAll(written.host, host)
    .replaceAll(written.password, password)
    .replaceAll(new RegExp(`\\b${written.username}\\b`, 'g'), username)
}
