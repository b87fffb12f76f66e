/**
 * Proves one thing and says so in a line that `.ci/run` counts: `ok - NAME`, or `not ok - NAME` with the reason below it.
 * What fails does not keep the next from being tried; the process ends with 1 then.
 */
export async function check(name: string, prove: () => unknown): Promise<boolean> {
  try {
    await prove()
    console.log(`ok - ${name}`)
    return true
  } catch (error) {
    console.log(`not ok - ${name}`)
    console.log(indent(error instanceof Error ? (error.stack ?? error.message) : String(error)))
    process.exitCode = 1
    return false
  }
}

/** A number for the summary at the end of `.ci/run`. */
export function measured(name: string, value: string): void {
  console.log(`measured - ${name}: ${value}`)
}

/** Milliseconds as people read them. */
export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function indent(text: string) {
  return text.replaceAll(/^/gm, '    ')
}
