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
