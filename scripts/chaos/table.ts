import type { Verdict } from './verdict.ts'

const COLUMNS: ReadonlyArray<[title: string, figure: string]> = [
  ['tasks', 'requests'],
  ['rate/s', 'rate'],
  ['seconds', 'seconds'],
  ['lease ms', 'lease_ms'],
  ['hit', 'hit'],
  ['lost', 'lost'],
  ['second', 'second_outcomes'],
  ['effects twice', 'effects_twice'],
  ['stale', 'stale_counted'],
  ['disagree', 'disagreements'],
  ['dead', 'dead'],
  ['in doubt', 'in_doubt'],
  ['p99 ms', 'p99_ms'],
]

/** One row for each case; below it, what was not reached. */
export function renderTable(verdicts: readonly Verdict[]): string {
  const rows = [
    ['case', ...COLUMNS.map(([title]) => title), ''],
    ...verdicts.map(({ name, figures, failures }) => [
      name,
      ...COLUMNS.map(([, figure]) => String(figures[figure] ?? '')),
      failures.length === 0 ? 'passed' : 'FAILED',
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => (row[n] ?? '').length)))
  const lines = rows.map((row) => row.map((cell, n) => pad(cell, widths[n] ?? 0, n)).join('  '))
  const failures = verdicts.flatMap(({ name, failures }) => failures.map((failure) => `${name}: ${failure}`))
  return [...lines, ...failures].join('\n')
}

/** Names to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 || column > COLUMNS.length ? cell.padEnd(width) : cell.padStart(width)
}
