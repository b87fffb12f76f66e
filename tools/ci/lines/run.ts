import { check } from '../check.ts'
import type { Section } from './document.ts'
import type { Shell } from './shell.ts'

/** What a block of lines has left behind. */
export interface Ran {
  /** What it printed, stdout and then stderr. */
  output: string
  /** Where it ran. */
  folder: string
}

/** What has to hold after a step beyond its exit code, which the document should not show: `title step`. */
export type Expectations<Around> = Record<string, ((result: Ran & Around) => Promise<unknown>)[]>

/** Runs the blocks of a section, each one a check of its own, and looks at what they leave behind. */
export async function runSection<Around>(
  { title, steps }: Section,
  { kind, shell, around, expectations }: Runner<Around>,
): Promise<void> {
  for (const { name, script } of steps)
    await check(`${kind} ${title} ${name}`, async () => {
      const output = await shell(script)
      for (const hold of expectations[`${title} ${name}`] ?? [])
        await hold({ ...around, output, folder: shell.folder })
    })
}

interface Runner<Around> {
  /** First word of the checks' names. */
  kind: string
  shell: Shell
  /** What the expectations are given beside the result. */
  around: Around
  expectations: Expectations<Around>
}

/** A block that was renamed or dropped takes its expectations along. */
export function demandSteps(sections: readonly Section[], expectations: object): void {
  const there = sections.flatMap(({ title, steps }) => steps.map(({ name }) => `${title} ${name}`))
  const missing = Object.keys(expectations).filter((step) => !there.includes(step))
  if (missing.length > 0) throw new Error(`the document lacks ${missing.join(', ')}`)
}
