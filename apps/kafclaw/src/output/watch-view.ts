import type { Io } from '../io.ts'
import type { Output } from './output.ts'

export interface WatchedRows<Row> {
  keyOf(row: Row): string
  toJson(row: Row): object
  /** What of a row makes a change; default: its JSON. */
  changeOf?(row: Row): object
  toText(rows: readonly Row[]): string
  /** Most rows in a table, and most that are told at the start. */
  limit?: number
}

/** Shows rows again and again. */
export interface WatchView<Row> {
  show(rows: readonly Row[]): void
}

/** To the upper left corner, and away with all below. */
const CLEAR = '\u001b[H\u001b[2J\u001b[3J'

/**
 * As JSON one line for each row that is new or has changed; as a table: on a terminal drawn anew in its place, elsewhere
 * written again whenever a row has changed.
 */
export function createWatchView<Row>(io: Io, output: Output, watched: WatchedRows<Row>): WatchView<Row> {
  const known = new Map<string, string>()
  const { limit = Number.MAX_SAFE_INTEGER } = watched
  let isFirst = true
  let drawn = ''

  /** Remembers the rows as they are and returns those that differ from before. */
  function takeChanges(rows: readonly Row[]): Row[] {
    return rows.filter((row) => {
      const text = JSON.stringify(watched.changeOf?.(row) ?? watched.toJson(row))
      const key = watched.keyOf(row)
      if (known.get(key) === text) return false
      known.set(key, text)
      return true
    })
  }

  function draw(rows: readonly Row[]): void {
    const text = watched.toText(rows.slice(0, limit))
    if (text === drawn) return
    drawn = text
    const lines = text.split('\n')
    // A line more than the terminal has would push the titles out of sight.
    const fitting = lines.slice(0, Math.max(2, (io.stdout.rows ?? lines.length + 1) - 1))
    io.stdout.write(`${CLEAR}${fitting.join('\n')}\n`)
  }

  return {
    show(rows) {
      if (output.format === 'table' && output.isTerminal) return draw(rows)
      const changed = takeChanges(rows)
      const told = isFirst ? changed.slice(0, limit) : changed
      if (output.format === 'json') {
        for (const row of told.toReversed()) io.stdout.write(`${JSON.stringify(watched.toJson(row))}\n`)
      } else if (isFirst || told.length > 0) {
        io.stdout.write(`${isFirst ? '' : '\n'}${watched.toText(rows.slice(0, limit))}\n`)
      }
      isFirst = false
    },
  }
}
