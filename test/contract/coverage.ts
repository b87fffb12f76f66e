import type { Report } from './stage.ts'

/** Why pairs are not run, by `operationId status`; `* status` speaks for every operation. */
export type Reasons = Record<string, string>

/** What the gate compares. */
export interface Coverage {
  declared: readonly string[]
  report: Report
  reasons: Reasons
  /** Pairs and reasons of the commit before; undefined when there is none. */
  before: { declared: readonly string[]; reasons: Reasons } | undefined
}

/**
 * Every declared pair was run or has a reason; no reason is stale; an operation that was there before has no reason
 * that it did not have then. Gives what is wrong, in sentences.
 */
export function coverageFaults({ declared, report, reasons, before }: Coverage): string[] {
  const ran = new Set(report.ran)
  const general = (pair: string) => reasons[`* ${statusOf(pair)}`]
  const own = Object.keys(reasons).filter((pair) => !pair.startsWith('* '))
  const operationsBefore = new Set(before?.declared.map(operationOf))
  return [
    ...Object.entries(report.failed).map(([pair, faults]) => `${pair}: ${faults.join('; ')}`),
    ...declared
      .filter((pair) => !ran.has(pair) && !report.failed[pair] && !reasons[pair] && !general(pair))
      .map(
        (pair) =>
          `${pair}: not run: write a fixture, or a reason in reasons.json if no request can bring it about`,
      ),
    ...own
      .filter((pair) => !declared.includes(pair))
      .map((pair) => `${pair}: has a reason, but is not declared`),
    ...own
      .filter((pair) => ran.has(pair))
      .map((pair) => `${pair}: was run, so its reason is stale`),
    ...own
      .filter((pair) => operationsBefore.has(operationOf(pair)))
      .filter((pair) => !before?.reasons[pair] && !before?.reasons[`* ${statusOf(pair)}`])
      .map((pair) => `${pair}: an operation that was there before may gain no reason`),
  ]
}

const operationOf = (pair: string) => pair.split(' ')[0]!
const statusOf = (pair: string) => pair.split(' ')[1]!
