import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJournal, type Journal, type JournalRecord } from '../src/index.ts'

let made = 0
function record(attempt: number, phase: JournalRecord['phase'], more: Partial<JournalRecord> = {}): JournalRecord {
  return { recordId: `r${made++}`, attempt, runId: `run-${attempt}`, phase, step: null, redo: 0, ...more }
}

function fold(records: readonly JournalRecord[]): Journal<JournalRecord> {
  const journal = createJournal<JournalRecord>()
  for (const each of records) journal.add(each)
  return journal
}

describe('the journal', () => {
  it('counts nothing of an earlier attempt once a later one has written', () => {
    const journal = fold([record(1, 'result', { step: 0 }), record(2, 'started')])
    expect(journal.add(record(1, 'result', { step: 1 }))).toBe(false)
    expect(journal.add(record(1, 'intent', { step: 2 }))).toBe(false)
    expect(journal.finishedSteps()).toBe(1)
    expect(journal.mayWrite({ attempt: 1, runId: 'run-1' })).toBe(false)
    expect(journal.mayWrite({ attempt: 3, runId: 'run-3' })).toBe(true)
  })

  it('counts the first run of an attempt and no other', () => {
    const journal = fold([record(2, 'started')])
    expect(journal.add(record(2, 'started', { runId: 'twin' }))).toBe(false)
    expect(journal.add(record(2, 'result', { step: 0 }))).toBe(true)
  })

  it('counts a result with its intent, also behind the fence of a later attempt', () => {
    const journal = fold([record(1, 'intent', { step: 0 }), record(2, 'started')])
    expect(journal.step(0)).toMatchObject({ isInDoubt: true, nextRedo: 1 })
    expect(journal.add(record(1, 'result', { step: 0 }))).toBe(true)
    expect(journal.step(0)).toMatchObject({ isInDoubt: false, result: { runId: 'run-1' } })
  })

  it('takes no result of a stranger for an intent', () => {
    const journal = fold([record(2, 'intent', { step: 0 })])
    expect(journal.add(record(1, 'result', { step: 0 }))).toBe(false)
    expect(journal.step(0)?.isInDoubt).toBe(true)
  })

  it('gives the right to an effect to the first intent that counts', () => {
    const fenced = record(1, 'intent', { step: 0 })
    const first = record(2, 'intent', { step: 0 })
    const journal = fold([record(2, 'started'), fenced, first])
    const owns = ({ recordId }: JournalRecord) => journal.ownsEffect({ recordId, step: 0, redo: 0 })
    expect([owns(fenced), owns(first)]).toEqual([false, true])
  })

  it('holds the result of the highest redo, and of one redo the first', () => {
    const results = [0, 1, 1, 0].map((redo) => record(1, 'result', { step: 0, redo }))
    expect(fold(results).step(0)?.result).toBe(results[1])
  })

  it('is in doubt again when a later redo has begun and not ended', () => {
    const journal = fold([record(1, 'intent', { step: 0 }), record(1, 'result', { step: 0 })])
    expect(journal.finishedSteps()).toBe(1)
    journal.add(record(1, 'intent', { step: 0, redo: 1 }))
    expect(journal.step(0)).toMatchObject({ isInDoubt: true, result: null, nextRedo: 2 })
    expect(journal.finishedSteps()).toBe(0)
  })

  it('tells that it does not begin at the first step', () => {
    expect(fold([]).isComplete()).toBe(true)
    expect(fold([record(2, 'started')]).isComplete()).toBe(true)
    expect(fold([record(1, 'result', { step: 3 })]).isComplete()).toBe(false)
  })
})

const anyRecord = fc
  .record({
    attempt: fc.integer({ min: 1, max: 3 }),
    twin: fc.boolean(),
    phase: fc.constantFrom<JournalRecord['phase'][]>('started', 'intent', 'result'),
    step: fc.integer({ min: 0, max: 3 }),
    redo: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ attempt, twin, phase, step, redo }) =>
    record(attempt, phase, {
      runId: `run-${attempt}${twin ? '-twin' : ''}`,
      step: phase === 'started' ? null : step,
      redo: phase === 'started' ? 0 : redo,
    }),
  )

function stateOf(journal: Journal<JournalRecord>): object {
  return { holder: journal.holder(), finished: journal.finishedSteps(), steps: [0, 1, 2, 3].map(journal.step) }
}

it('is the same for a reader that meets records again', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 20 }),
      fc.array(fc.nat({ max: 19 }), { maxLength: 5 }),
      (log, again) => {
        const repeated = [
          ...log,
          ...again.map((index) => log[index % Math.max(1, log.length)]).filter((r) => r !== undefined),
        ]
        expect(stateOf(fold(repeated))).toEqual(stateOf(fold(log)))
      },
    ),
  )
})

it('never lets a record that came later take a counted effect away', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), anyRecord, (log, later) => {
      const journal = fold(log)
      const owners = log.filter((r) => r.step !== null && journal.ownsEffect({ ...r, step: r.step }))
      journal.add(later)
      for (const owner of owners) expect(journal.ownsEffect({ ...owner, step: owner.step ?? -1 })).toBe(true)
    }),
  )
})

it('counts in whatever is read later what it has counted so far: who begins again from the start comes to the same', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), fc.nat({ max: 20 }), (log, crash) => {
      const journal = fold(log.slice(0, crash))
      const before = log.slice(0, crash).map((each) => journal.add(each))
      // The rest is read on after a crash, and what was not stored yet is read again.
      for (const each of log.slice(Math.max(0, crash - 5))) journal.add(each)
      const whole = createJournal<JournalRecord>()
      expect(log.map((each) => whole.add(each)).slice(0, crash)).toEqual(before)
      expect(stateOf(journal)).toEqual(stateOf(whole))
    }),
  )
})

it('counts no record of a run behind one of a later attempt, except the results of its own intents', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), (log) => {
      const journal = createJournal<JournalRecord>()
      const intents = new Set<string>()
      let highest = 0
      for (const each of log) {
        const key = `${each.runId} ${each.step} ${each.redo}`
        const counts = journal.add(each)
        if (counts && each.attempt < highest) expect(each.phase === 'result' && intents.has(key)).toBe(true)
        if (counts && each.phase === 'intent') intents.add(key)
        if (counts) highest = Math.max(highest, each.attempt)
      }
    }),
  )
})

it('takes about as long for each of 20,000 steps as for each of 500', () => {
  const stepsOf = (count: number) =>
    Array.from({ length: count }, (_, step) => [record(1, 'intent', { step }), record(1, 'result', { step })]).flat()
  const timeOf = (log: readonly JournalRecord[]): number => {
    const startMs = performance.now()
    const finished = fold(log).finishedSteps()
    expect(finished).toBe(log.length / 2)
    return (performance.now() - startMs) / finished
  }
  // The best of several: the machine may be busy with something else. If each step took a copy, it would be forty times as much.
  const bestOf = (log: readonly JournalRecord[]): number => Math.min(...Array.from({ length: 7 }, () => timeOf(log)))
  expect(bestOf(stepsOf(20_000))).toBeLessThan(10 * bestOf(stepsOf(500)))
})
