import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Io } from '../io.ts'
import { formatAge } from './age.ts'
import { createOutput, type OutputFormat } from './output.ts'
import { oneLine, printable } from './printable.ts'
import { renderTable } from './table.ts'

interface FakeTerminal {
  terminal?: boolean
  columns?: number
  variables?: Record<string, string>
}

function fakeOutput(format: OutputFormat, { terminal = false, columns = 80, variables = {} }: FakeTerminal = {}) {
  const stream = () => Object.assign(new PassThrough(), terminal ? { isTTY: true, columns } : {})
  const io: Io & { stdout: PassThrough; stderr: PassThrough } = {
    argv: [],
    variables,
    stdin: new PassThrough(),
    stdout: stream(),
    stderr: stream(),
  }
  const read = (from: PassThrough): string => String(from.read() ?? '')
  return { output: createOutput(io, format), stdout: () => read(io.stdout), stderr: () => read(io.stderr) }
}

const COLUMNS = [
  { title: 'NAME', value: (row: { name: string; count: number | null }) => row.name },
  { title: 'COUNT', value: (row: { name: string; count: number | null }) => row.count, align: 'right' as const },
  { title: 'NAME AGAIN', value: (row: { name: string; count: number | null }) => row.name },
]

describe('output', () => {
  it('writes data to stdout alone, and notes and warnings to stderr alone', () => {
    const { output, stdout, stderr } = fakeOutput('table')
    output.data({ a: 1 }, () => 'for people')
    output.note('a note')
    output.warn('take care')
    expect(stdout()).toBe('for people\n')
    expect(stderr()).toBe('a note\nwarning: take care\n')
  })

  it('writes one JSON document for programs, and never the text for people', () => {
    const { output, stdout } = fakeOutput('json')
    output.data([{ a: 'ä' }], () => 'for people')
    expect(JSON.parse(stdout())).toEqual([{ a: 'ä' }])
  })

  it('colours on a terminal only, and not where NO_COLOR forbids it', () => {
    expect(fakeOutput('table', { terminal: true }).output.bold('x')).toBe('\u001b[1mx\u001b[22m')
    expect(fakeOutput('table', { terminal: true, variables: { NO_COLOR: '1' } }).output.bold('x')).toBe('x')
    expect(fakeOutput('table').output.bold('x')).toBe('x')
  })

  it('lets no control sequence of others through to a terminal', () => {
    const { output, stdout, stderr } = fakeOutput('table', { terminal: true, variables: { NO_COLOR: '1' } })
    output.stream('red \u001b[31m alert\n')
    output.note('title \u001b]0;owned\u0007')
    expect(stdout()).toBe('red \ufffd[31m alert\n')
    expect(stderr()).toBe('title \ufffd]0;owned\ufffd\n')
  })
})

describe('table', () => {
  const rows = [
    { name: 'short', count: 3 },
    { name: 'a longer name', count: 12_345 },
    { name: '', count: null },
  ]

  it('aligns columns, numbers at the right, with a dash for nothing', () => {
    expect(renderTable(COLUMNS, rows, fakeOutput('table').output).split('\n')).toEqual([
      'NAME           COUNT  NAME AGAIN',
      'short              3  short',
      'a longer name  12345  a longer name',
      '-                  -  -',
    ])
  })

  it('cuts lines to the width of a terminal and never elsewhere', () => {
    const wide = [{ name: 'x'.repeat(300), count: 1 }]
    const onTerminal = renderTable(COLUMNS, wide, fakeOutput('table', { terminal: true, columns: 40 }).output)
    expect(onTerminal.split('\n')[1]).toHaveLength(40)
    expect(onTerminal.split('\n')[1]?.endsWith('…')).toBe(true)
    expect(renderTable(COLUMNS, wide, fakeOutput('table').output)).toContain('x'.repeat(300))
  })

  it('keeps a row on its line, whatever a cell holds', () => {
    const hostile = [{ name: 'a\nb\r\u001b[2Jc', count: 1 }]
    const lines = renderTable(COLUMNS, hostile, fakeOutput('table').output).split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toContain('a b \ufffd[2Jc')
  })
})

it('keeps tabs and line feeds of a text, and makes one line of it where one is wanted', () => {
  expect(printable('a\tb\nc\u0007')).toBe('a\tb\nc\ufffd')
  expect(oneLine('  a\tb\n\nc ')).toBe('a b c')
  expect(printable('abc\u202edef')).toBe('abc\ufffddef')
})

it('tells an age in its largest unit, and never a negative one', () => {
  expect([-5, 0, 999, 1_000, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000 * 3].map(formatAge)).toEqual([
    '<1s',
    '<1s',
    '<1s',
    '1s',
    '59s',
    '1m',
    '59m',
    '1h',
    '3d',
  ])
})
