import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import type { Io } from '../io.ts'
import { createOutput, type OutputFormat } from './output.ts'
import { createWatchView } from './watch-view.ts'

interface Row {
  id: string
  state: string
  ageMs: number
}

function open(format: OutputFormat, terminal: { rows?: number } | null = null) {
  const stdout = Object.assign(new PassThrough(), terminal ? { isTTY: true, columns: 80, ...terminal } : {})
  const io: Io = { argv: [], variables: {}, stdin: new PassThrough(), stdout, stderr: new PassThrough() }
  const view = createWatchView<Row>(io, createOutput(io, format), {
    keyOf: ({ id }) => id,
    toJson: (row) => row,
    changeOf: ({ state }) => ({ state }),
    toText: (rows) => ['TITLE', ...rows.map(({ id, state }) => `${id} ${state}`)].join('\n'),
    limit: 2,
  })
  return { view, written: () => String(stdout.read() ?? '') }
}

const row = (id: string, state: string, ageMs = 0): Row => ({ id, state, ageMs })

it('tells as JSON the newest at first, then each change in a line of its own, and no change by age', () => {
  const { view, written } = open('json')
  view.show([row('c', 'open'), row('b', 'open'), row('a', 'open')])
  expect(written()).toBe('{"id":"b","state":"open","ageMs":0}\n{"id":"c","state":"open","ageMs":0}\n')
  view.show([row('c', 'open', 9), row('b', 'open', 9), row('a', 'open', 9)])
  expect(written()).toBe('')
  view.show([row('c', 'open', 9), row('b', 'open', 9), row('a', 'ended', 9)])
  expect(written()).toBe('{"id":"a","state":"ended","ageMs":9}\n')
})

it('draws anew in its place on a terminal, and never more lines than that has', () => {
  const { view, written } = open('table', { rows: 3 })
  view.show([row('c', 'open'), row('b', 'open')])
  expect(written()).toBe('\u001b[H\u001b[2J\u001b[3JTITLE\nc open\n')
  view.show([row('c', 'open', 5), row('b', 'open', 5)])
  expect(written()).toBe('')
})

it('writes the table again where no terminal is, only after a change, and without control characters', () => {
  const { view, written } = open('table')
  view.show([row('a', 'open')])
  view.show([row('a', 'open', 5)])
  view.show([row('a', 'ended', 5)])
  expect(written()).toBe('TITLE\na open\n\nTITLE\na ended\n')
})
