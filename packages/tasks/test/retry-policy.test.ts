import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENDPOINT_RETRY, nextRetryMs, type RetryPolicy, STEP_RETRY } from '../src/index.ts'

const POLICY: RetryPolicy = {
  initialIntervalMs: 100,
  backoffCoefficient: 2,
  maximumIntervalMs: 350,
  maximumAttempts: 5,
  nonRetryable: ['KC_RUN_STOPPED'],
}
const failed = (tried: number, more = {}) => ({ tried, code: 'KC_MODEL_TIMEOUT', retryable: true, ...more })

describe('a retry policy', () => {
  it('waits longer each time, up to the longest wait', () => {
    expect([1, 2, 3, 4].map((tried) => nextRetryMs(POLICY, failed(tried)))).toEqual([100, 200, 350, 350])
  })

  it('ends after the last try', () => {
    expect(nextRetryMs(POLICY, failed(5))).toBeNull()
  })

  it('does not try again what no try can mend', () => {
    expect(nextRetryMs(POLICY, failed(1, { retryable: false }))).toBeNull()
    expect(nextRetryMs(POLICY, failed(1, { code: 'KC_RUN_STOPPED' }))).toBeNull()
  })

  it.each([
    ['an endpoint', ENDPOINT_RETRY],
    ['a step', STEP_RETRY],
  ])('of %s never waits longer than it says, and ends', (_, policy) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (tried) => {
        const waitMs = nextRetryMs(policy, failed(tried))
        expect(waitMs === null).toBe(tried >= policy.maximumAttempts)
        expect(waitMs ?? 0).toBeLessThanOrEqual(policy.maximumIntervalMs)
      }),
    )
  })
})
