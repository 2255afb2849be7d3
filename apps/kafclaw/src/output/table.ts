import type { Output } from './output.ts'
import { oneLine } from './printable.ts'

export interface Column<Row> {
  readonly title: string
  value(row: Row): string | number | null
  /** Numbers stand at the right. */
  readonly align?: 'right'
}

const GAP = '  '
const NOTHING = '-'

/** Rows as columns under titles. On a terminal the last column is cut to the width; elsewhere nothing is. */
export function renderTable<Row>(
  columns: ReadonlyArray<Column<Row>>,
  rows: readonly Row[],
  output: Pick<Output, 'width' | 'bold'>,
): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))))
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => lengthOf(line[index] ?? ''))),
  )
  const toLine = (texts: readonly string[]): string => {
    const padded = texts.map((text, index) => {
      const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - lengthOf(text)))
      if (columns[index]?.align === 'right') return space + text
      return index === texts.length - 1 ? text : text + space
    })
    return cut(padded.join(GAP), output.width)
  }
  const head = output.bold(toLine(columns.map((column) => column.title)))
  return [head, ...cells.map(toLine)].join('\n')
}

function cellText(value: string | number | null): string {
  if (value === null) return NOTHING
  return oneLine(String(value)) || NOTHING
}

function lengthOf(text: string): number {
  return [...text].length
}

function cut(line: string, width: number | null): string {
  const characters = [...line]
  return width === null || characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`
}
