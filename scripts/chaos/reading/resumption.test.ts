import { expect, it } from 'vitest'
import { measureResumption } from './resumption.ts'

const UP_MS = 1_000
const claim = { attempt: 1, agentId: 'worker-1', isReleased: false }
const happenings = [{ what: 'up', name: 'worker-1', atMs: UP_MS }] as const

/** A task of which the first run was killed with this journal, and the second began with `next` 300 ms after the start. */
function measure(before: ReturnType<typeof record>[], next: ReturnType<typeof record>) {
  const claims = [
    { ...claim, runId: 'one', atMs: UP_MS - 300 },
    { ...claim, runId: 'two', atMs: UP_MS + 100 },
  ]
  const history = { askedMs: 0, claims, endedMs: null, outcomeRunId: null }
  const { own, doubt, others } = measureResumption(
    new Map([['t', history]]),
    new Map([['t', { records: [...before, next] }]]),
    happenings,
  )
  const times = (samples: typeof own): number[] => samples.map(({ ms }) => ms)
  return { own: times(own), doubt: times(doubt), others: times(others) }
}

function record(runId: string, phase: 'intent' | 'result', step: number, redo = 0) {
  return { runId, phase, step, redo, atMs: runId === 'one' ? UP_MS - 200 : UP_MS + 300 }
}

it('measures from the start of the service to its next step', () => {
  const done = record('one', 'result', 0)
  expect(measure([done], record('two', 'intent', 1))).toEqual({ own: [300], doubt: [], others: [] })
  expect(measure([done], record('two', 'result', 1))).toEqual({ own: [300], doubt: [], others: [] })
})

it('keeps calls in doubt apart, whether they had happened or are made again', () => {
  const left = record('one', 'intent', 1)
  expect(measure([left], record('two', 'result', 1))).toEqual({ own: [], doubt: [300], others: [] })
  expect(measure([left], record('two', 'intent', 1, 1))).toEqual({ own: [], doubt: [300], others: [] })
  // Of another step.
  expect(measure([left, record('one', 'result', 1)], record('two', 'intent', 2)).own).toEqual([300])
})
