import type { Step } from './plan.ts'
import type { World } from './world.ts'

/** A call on its way to the system outside. It may arrive when its caller is long gone. */
export interface Call {
  readonly step: Step
  readonly key: string
  readonly attempt: number
  readonly arrivesMs: number
  /** What comes back; null until then, and for ever when the answer is lost. */
  answer: { kind: 'done'; output: string } | { kind: 'refused' } | null
}

export type Settled = { kind: 'happened'; output: string } | { kind: 'never' } | { kind: 'unknown' }

/**
 * The system outside on which runs act. It does whatever it is told as often as it is told, unless it has promised not to.
 * `key`: it can void a key. `attempt`: it can refuse lower attempts. `neither`: a person has to find out.
 */
export interface Target {
  readonly style: 'key' | 'attempt' | 'neither'
  readonly longestCallMs: number
  call(fields: Pick<Call, 'step' | 'key' | 'attempt'>): Call
  /** Calls that are due arrive. */
  arrive(): void
  settle(doubt: { key: string; attempt: number }, asker: { attempt: number; canVoid: boolean }): Settled
  hasHappened(key: string): boolean
  isOnItsWay(key: string): boolean
}

export function createTarget(world: () => World, style: Target['style'], longestCallMs: number): Target {
  let calls: Call[] = []
  const done = new Set<string>()
  const voided = new Set<string>()
  let lowestAttempt = 0

  function take(call: Call): void {
    const { judge, faults, random, isHealing, say, reach } = world()
    if (call.step.effect === 'once' && (voided.has(call.key) || call.attempt < lowestAttempt)) {
      reach('call refused')
      call.answer = { kind: 'refused' }
      return
    }
    say(() => `  ** ${call.step.name} with the key ${call.key}`)
    done.add(call.key)
    judge.happened(call)
    if (faults.lostAnswer && !isHealing && random.flip(0.3)) return
    call.answer = { kind: 'done', output: receiptOf(call.key) }
  }

  return {
    style,
    longestCallMs,
    call(fields) {
      const { random, nowMs, isHealing } = world()
      const travelMs = random.below(isHealing || random.flip(0.7) ? longestCallMs / 10 : longestCallMs)
      const call: Call = { ...fields, arrivesMs: nowMs + travelMs, answer: null }
      calls.push(call)
      return call
    },
    arrive() {
      const { nowMs } = world()
      const due = calls.filter(({ arrivesMs }) => arrivesMs <= nowMs)
      if (due.length === 0) return
      calls = calls.filter(({ arrivesMs }) => arrivesMs > nowMs)
      for (const call of due) take(call)
    },
    settle({ key, attempt }, asker) {
      // What it tells afterwards is not letter by letter what the call gave.
      if (done.has(key)) return { kind: 'happened', output: `the books have ${key}` }
      if (style === 'neither') return { kind: 'unknown' }
      if (!asker.canVoid) return { kind: 'never' }
      if (style === 'key') voided.add(key)
      // A call of the asker's own attempt may still be on its way, and would not be refused.
      else if (attempt === asker.attempt) return { kind: 'unknown' }
      else lowestAttempt = Math.max(lowestAttempt, asker.attempt)
      return { kind: 'never' }
    },
    hasHappened: (key) => done.has(key),
    isOnItsWay: (key) => calls.some((call) => call.key === key),
  }
}

export function receiptOf(key: string): string {
  return `receipt of ${key}`
}
