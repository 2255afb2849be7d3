import { partitionFor, type RawRecord } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { createRunJournal } from './run-journal.ts'

const TASK = 'task_1'
const PARTITIONS = 6

interface Said {
  run_id: string
  attempt: number
  phase: 'started' | 'intent' | 'result'
  step?: number
  redo?: number
  started_at?: string
  ended_at?: string
}

function trace(offset: number, said: Said, partition = partitionFor(TASK, PARTITIONS)): RawRecord {
  const value = { type: 'trace', correlation_id: TASK, payload: { kind: 'tool', name: 'ledger', ...said } }
  return {
    topic: 'group.acme.traces',
    partition,
    offset,
    timestampMs: offset * 100,
    key: Buffer.from(TASK),
    value: Buffer.from(JSON.stringify(value)),
    headers: [],
  }
}

const first = { run_id: 'run-1', attempt: 1 }
const second = { run_id: 'run-2', attempt: 2 }

function read(records: readonly RawRecord[], held: string | null = null) {
  const journal = createRunJournal(TASK, PARTITIONS)
  for (const record of records) journal.fold(record)
  const { tries, ...rest } = journal.read((runId) => runId === held)
  return {
    ...rest,
    tries: tries.map(({ step, redo, state, attempt, replayedBy }) => ({ step, redo, state, attempt, replayedBy })),
  }
}

it('tells what a later attempt took from the journal and what it ran', () => {
  const { tries, replayed, finished } = read([
    trace(0, { ...first, phase: 'result', step: 0 }),
    trace(1, { ...first, phase: 'intent', step: 1 }),
    trace(2, { ...first, phase: 'result', step: 1 }),
    trace(3, { ...second, phase: 'started' }),
    trace(4, { ...second, phase: 'result', step: 2 }),
  ])
  expect(tries).toEqual([
    { step: 0, redo: 0, state: 'done', attempt: 1, replayedBy: [2] },
    { step: 1, redo: 0, state: 'done', attempt: 1, replayedBy: [2] },
    { step: 2, redo: 0, state: 'done', attempt: 2, replayedBy: [] },
  ])
  expect([finished, replayed.get('run-2')]).toEqual([3, 2])
})

it('calls an intent without a result open while its run holds the task, and in doubt after', () => {
  const records = [trace(0, { ...first, phase: 'intent', step: 0 })]
  expect(read(records, 'run-1').tries).toMatchObject([{ state: 'open' }])
  expect(read(records).tries).toMatchObject([{ state: 'in doubt' }])
})

it('shows the tries that do not count: those behind the fence, and those of a lower redo', () => {
  const { tries } = read([
    trace(0, { ...first, phase: 'intent', step: 0 }),
    trace(1, { ...second, phase: 'started' }),
    trace(2, { ...first, phase: 'result', step: 7 }),
    trace(3, { ...second, phase: 'intent', step: 0, redo: 1 }),
    trace(4, { ...second, phase: 'result', step: 0, redo: 1 }),
  ])
  expect(tries.map(({ step, redo, state }) => [step, redo, state])).toEqual([
    [0, 0, 'superseded'],
    [7, 0, 'ignored'],
    [0, 1, 'done'],
  ])
})

it('passes over what lies in another partition', () => {
  const elsewhere = (partitionFor(TASK, PARTITIONS) + 1) % PARTITIONS
  expect(read([trace(0, { ...first, phase: 'result', step: 0 }, elsewhere)]).tries).toEqual([])
})

it('takes the time that the one who ran it measured, else the time between its records', () => {
  const journal = createRunJournal(TASK, PARTITIONS)
  const times = { started_at: '2026-11-23T10:00:01.000Z', ended_at: '2026-11-23T10:00:02.500Z' }
  journal.fold(trace(0, { ...first, phase: 'result', step: 0, ...times }))
  journal.fold(trace(1, { ...first, phase: 'intent', step: 1 }))
  journal.fold(trace(4, { ...first, phase: 'result', step: 1 }))
  expect(journal.read(() => false).tries.map(({ durationMs }) => durationMs)).toEqual([1500, 300])
})
