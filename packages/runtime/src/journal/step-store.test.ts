import { openDatabase } from '@kafclaw/storage'
import { withQueryPlans } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import type { StepRecord } from './step-record.ts'
import { createStepStore } from './step-store.ts'

it('starts as fast beside a long timeline: only rows of what was not sent are read', () => {
  const { db, plans } = withQueryPlans(openDatabase(':memory:', 'state'))
  createStepStore(db, 'group.acme.traces')
  expect(plans.filter((step) => /AUTOMATIC|SCAN/.test(step))).toEqual(['SCAN outbox'])
})

const TASK = 'task_1'

function stepRecord(fields: Partial<StepRecord>): StepRecord {
  return {
    ...{ recordId: 'r', attempt: 1, runId: 'run-1', phase: 'result', step: 0, redo: 0, kind: 'model', name: 'm' },
    ...{ inputHash: null, idempotencyKey: null, output: 'ok', outputRef: null, chunk: null, status: 'completed' },
    ...{ usage: null, citations: [], startedMs: null, endedMs: null, atMs: 1 },
    ...fields,
  }
}

function openStore() {
  const store = createStepStore(openDatabase(':memory:', 'state'), 'group.acme.traces')
  /** In a transaction of their own. */
  const commit = (records: Partial<StepRecord>[], { isAnswered = false } = {}): StepRecord['phase'][] => {
    for (const record of records) store.add(TASK, stepRecord(record))
    if (isAnswered) store.answered(TASK, 'run-1')
    store.flush()
    return store.of(TASK).map(({ phase }) => phase)
  }
  return { store, commit }
}

it('keeps no rows of a run that is answered in the transaction that holds its whole journal', () => {
  const { commit } = openStore()
  expect(commit([{ step: 0 }, { step: 1 }], { isAnswered: true })).toEqual([])
})

it('keeps the last rows of a run of which there are rows already', () => {
  const called = openStore()
  called.commit([{ phase: 'intent', idempotencyKey: 'k' }])
  expect(called.commit([{ idempotencyKey: 'k' }], { isAnswered: true })).toEqual(['intent', 'result'])
  const long = openStore()
  long.commit([{ step: 0 }])
  expect(long.commit([{ step: 1 }], { isAnswered: true })).toEqual(['result', 'result'])
  const resumed = openStore()
  resumed.commit([{ step: 0 }])
  expect(resumed.commit([{ attempt: 2, step: 0, redo: 1 }], { isAnswered: true })).toHaveLength(2)
  const adopted = openStore()
  expect(adopted.commit([{ runId: 'run-of-another' }], { isAnswered: true })).toEqual(['result'])
})

it('keeps nothing of a transaction that was not committed', () => {
  const { store, commit } = openStore()
  store.add(TASK, stepRecord({}))
  store.rolledBack()
  expect(commit([])).toEqual([])
})
