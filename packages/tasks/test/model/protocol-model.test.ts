import { describe, expect, it } from 'vitest'
import { isRuleName, OFF, RULES, type Rules, switchedOff, withoutRule } from './rules.ts'
import { runSchedule, type Verdict } from './schedule.ts'
import { REACHED, type Reached } from './world.ts'

/** With the rules that are switched off about a minute where it is run for everybody; `run.ts` goes on for as long as one likes. */
const LONGEST_MS = process.env.CI ? 40_000 : 8000
/** So many at least, however slow the machine is: all that the schedules can come to is reached within them. */
const FEWEST = 2000
/** A rule that is switched off is found out long before. */
const MOST_WITHOUT_RULE = 20_000
const TRACE_LINES = 120

async function* schedules(rules: Rules, first = 1): AsyncGenerator<Verdict> {
  for (let seed = first; ; seed++) {
    // The test runner wants to be heard in between.
    if (seed % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    yield runSchedule(seed, rules)
  }
}

/** What somebody needs who wants to know how it came to this. */
function tell(seed: number): string {
  const { breaches, faults, trace } = runSchedule(seed, RULES, { isTraced: true })
  const struck = Object.entries(faults).flatMap(([fault, isDrawn]) => (isDrawn ? [fault] : []))
  const promises = [...breaches].map(([kind, why]) => `${kind}: ${why}`)
  const again = `node -C @kafclaw/source packages/tasks/test/model/run.ts --seed ${seed} --trace`
  return [...promises, `faults: ${struck.join(', ')}`, again, ...trace.slice(-TRACE_LINES)].join('\n')
}

it('keeps every promise in random schedules with all kinds of faults', {
  timeout: 6 * LONGEST_MS + 120_000,
}, async () => {
  const reached = new Map<Reached, number>()
  const startMs = Date.now()
  let outcomes = 0
  for await (const verdict of schedules(RULES)) {
    if (verdict.breaches.size > 0) expect.fail(`seed ${verdict.seed}: ${tell(verdict.seed)}`)
    for (const [what, times] of verdict.reached) reached.set(what, (reached.get(what) ?? 0) + times)
    if (verdict.hasOutcome) outcomes++
    if (verdict.seed >= FEWEST && Date.now() - startMs > LONGEST_MS) break
  }
  expect(outcomes).toBeGreaterThan(0.8 * FEWEST)
  expect(REACHED.filter((what) => !reached.has(what))).toEqual([])
})

describe('finds a broken promise as soon as one rule is switched off', () => {
  for (const rule of Object.keys(OFF).filter(isRuleName)) {
    const { breaks, seed = 1 } = switchedOff(rule)
    it(`${rule}: ${breaks}`, { timeout: 120_000 }, async () => {
      for await (const verdict of schedules(withoutRule(rule), seed)) {
        if (verdict.breaches.has(breaks)) break
        if (verdict.seed === seed + MOST_WITHOUT_RULE) expect.fail(`${MOST_WITHOUT_RULE} schedules kept the promise`)
      }
    })
  }
})

it('runs the same schedule for the same seed', () => {
  expect(runSchedule(7, RULES, { isTraced: true }).trace).toEqual(runSchedule(7, RULES, { isTraced: true }).trace)
})
