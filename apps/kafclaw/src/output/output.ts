import { styleText } from 'node:util'
import type { Io } from '../io.ts'
import { printable } from './printable.ts'

export type OutputFormat = 'table' | 'json'

/** Where a command writes: data to stdout in the format that was asked for, all else to stderr. */
export interface Output {
  readonly format: OutputFormat
  /** Whether a person looks at the data on a terminal. */
  readonly isTerminal: boolean
  /** Columns of that terminal; null elsewhere, where nothing is cut. */
  readonly width: number | null
  /** Writes the data: `value` as JSON, or the text for people. */
  data(value: unknown, toText: () => string): void
  /** Writes a piece of text to stdout as it is, for answers that arrive piece by piece. */
  stream(text: string): void
  /** One line for people on stderr. */
  note(text: string): void
  /** Something that a person should know before relying on the data. */
  warn(text: string): void
  bold(text: string): string
  dim(text: string): string
}

export function createOutput(io: Io, format: OutputFormat): Output {
  const isTerminal = io.stdout.isTTY === true
  const noticesOnTerminal = io.stderr.isTTY === true
  // Colour only where a terminal shows it and nobody forbids it: https://no-color.org
  const mayColour = !io.variables.NO_COLOR && io.variables.TERM !== 'dumb'
  const style = (name: 'bold' | 'dim' | 'yellow', text: string, terminal: boolean): string =>
    terminal && mayColour ? styleText(name, text, { validateStream: false }) : text
  return {
    format,
    isTerminal,
    width: isTerminal ? (io.stdout.columns ?? 100) : null,
    data(value, toText) {
      const text = format === 'json' ? JSON.stringify(value, null, 2) : toText()
      io.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    },
    stream: (text) => void io.stdout.write(isTerminal ? printable(text) : text),
    note: (text) => void io.stderr.write(`${style('dim', printable(text), noticesOnTerminal)}\n`),
    warn: (text) => void io.stderr.write(`${style('yellow', 'warning:', noticesOnTerminal)} ${printable(text)}\n`),
    bold: (text) => style('bold', text, isTerminal),
    dim: (text) => style('dim', text, isTerminal),
  }
}
