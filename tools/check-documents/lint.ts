import { runRedocly } from '../generate/run.ts'

interface Report {
  totals: { errors: number; warnings: number }
}

/** Lints a document by `redocly.yaml`. Gives Redocly's account when there is anything to say, warnings included. */
export async function lint(path: string): Promise<string[]> {
  // Its exit code tells of errors only.
  const { stdout, stderr } = await runRedocly(['lint', path, '--format=json'])
  if (!stdout.trim()) return [stderr]
  const { errors, warnings } = (JSON.parse(stdout) as Report).totals
  if (errors + warnings === 0) return []
  const account = await runRedocly(['lint', path, '--max-problems=1000'])
  return [account.stdout + account.stderr]
}
