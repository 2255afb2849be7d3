import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dutyDelayMs, RANK_DELAY_MS } from '../src/index.ts'

const someLive = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), { minLength: 1, maxLength: 8 })

it('lets one of all that live write at once, and each other one only when those before it had the time to', () => {
  fc.assert(
    fc.property(someLive, fc.string(), (live, subject) => {
      const delays = live.map((agentId) => dutyDelayMs(subject, agentId, { live }))
      expect(delays.toSorted((a, b) => a - b)).toEqual(live.map((_, rank) => rank * RANK_DELAY_MS))
    }),
  )
})

it('lets whoever asked for a task write before all others, and nobody wait for one that is gone', () => {
  fc.assert(
    fc.property(someLive, fc.string(), fc.boolean(), (live, subject, isThere) => {
      const first = isThere ? (live[0] ?? '') : 'somebody-else'
      const others = live.filter((agentId) => agentId !== first)
      expect(dutyDelayMs(subject, first, { live, first })).toBe(0)
      const delays = others.map((agentId) => dutyDelayMs(subject, agentId, { live, first }))
      expect(Math.min(...delays)).toBe(others.length > 0 && isThere ? RANK_DELAY_MS : others.length > 0 ? 0 : Infinity)
    }),
  )
})
