import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAbsenceChain, LEASE_MARGIN_MS, mayAct } from '../src/index.ts'

const OTHER = { agentId: 'agent-b', boot: 1 }

/** Beats of both in the order in which they lie on the log; each takes its time to be appended, and again to be read. */
const beats = fc.array(
  fc.record({
    isOwn: fc.boolean(),
    pauseMs: fc.oneof(fc.nat(800), fc.nat(8000)),
    flightMs: fc.oneof(fc.nat(100), fc.nat(6000)),
    lagMs: fc.oneof(fc.nat(100), fc.nat(6000)),
  }),
  { maxLength: 60 },
)

it('finds nobody absent of whom anything was appended within lease and margin, nor who may still act', () => {
  const leases = fc.constantFrom(2000, 12_000)
  fc.assert(
    fc.property(leases, beats, (leaseMs, drawn) => {
      const sentMs = { own: 0, other: 0 }
      let appendedMs = 0
      let readMs = 0
      const chain = createAbsenceChain(leaseMs, () => readMs)
      let otherMs: { sentMs: number; appendedMs: number } | null = null
      for (const { isOwn, pauseMs, flightMs, lagMs } of drawn) {
        // Each sends one after the other, and the log has one order.
        const who = isOwn ? 'own' : 'other'
        sentMs[who] += pauseMs
        appendedMs = Math.max(appendedMs, sentMs[who] + flightMs)
        readMs = Math.max(readMs, appendedMs + lagMs)
        if (isOwn) chain.ownBeat({ sentMs: sentMs.own, readMs })
        else {
          chain.heard(OTHER)
          otherMs = { sentMs: sentMs.other, appendedMs }
        }
        if (!otherMs || !chain.isAbsent(OTHER)) continue
        expect(appendedMs - otherMs.appendedMs).toBeGreaterThan(leaseMs + LEASE_MARGIN_MS)
        expect(mayAct(otherMs.sentMs, readMs, leaseMs)).toBe(false)
      }
    }),
    { numRuns: 2000 },
  )
})
