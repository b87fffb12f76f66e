/** Writes a line for whoever called the command. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Writes a line about trouble: to stderr, so that it stays out of pipes. */
export function complain(line: string): void {
  process.stderr.write(`portolan: ${line}\n`)
}
