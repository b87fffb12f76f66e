import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = new URL('golden.txt', import.meta.url)

/** One table of the golden file. */
export interface Section {
  title: string
  columns: readonly string[]
  /** Operation and target, then a cell a column. */
  rows: readonly { operation: string; target: string; cells: readonly string[] }[]
}

const legend = `The permission matrix: what the gate answers, operation x target x identity. test/matrix/outcomes.ts says what
the words mean. Written by UPDATE_GOLDEN=1 npx vitest run test/matrix; a cell that turns into + needs a reason
in the commit.`

/** The text of the golden file. */
export function render(sections: readonly Section[]): string {
  return `${[legend, ...sections.map(renderSection)].join('\n\n')}\n`
}

function renderSection({ title, columns, rows }: Section): string {
  const heads = columns.map((column) => column.split('/'))
  const widths = heads.map((head, index) =>
    Math.max(...head.map((part) => part.length), ...rows.map(({ cells }) => cells[index]!.length)),
  )
  const left = Math.max(...rows.map(({ operation }) => operation.length)) + 1
  const middle = Math.max(...rows.map(({ target }) => target.length))
  const line = (operation: string, target: string, cells: readonly string[]) =>
    [
      operation.padEnd(left) + target.padEnd(middle),
      ...cells.map((cell, index) => cell.padEnd(widths[index]!)),
    ]
      .join('  ')
      .trimEnd()
  const heights = Math.max(...heads.map((head) => head.length))
  const header = Array.from({ length: heights }, (_, index) =>
    line(
      '',
      '',
      heads.map((head) => head[index] ?? ''),
    ),
  )
  return [
    `== ${title} ==`,
    ...header,
    ...rows.map((row) => line(row.operation, row.target, row.cells)),
  ].join('\n')
}

/** The golden file as it is kept; UPDATE_GOLDEN=1 replaces it first. */
export function readGolden(fresh: string): string {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, fresh)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
