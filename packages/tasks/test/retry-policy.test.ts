import { expect, it } from 'vitest'
import { nextRetryMs, type RetryPolicy } from '../src/index.ts'

const policy: RetryPolicy = {
  initialIntervalMs: 100,
  backoffCoefficient: 2,
  maximumIntervalMs: 300,
  maximumAttempts: 5,
  nonRetryable: ['KC_RUN_STOPPED'],
}

it('waits longer each time, up to the longest wait, and gives up after the last try', () => {
  const waits = [1, 2, 3, 4, 5].map((tried) =>
    nextRetryMs(policy, { tried, code: 'KC_MODEL_TIMEOUT', retryable: true }),
  )
  expect(waits).toEqual([100, 200, 300, 300, null])
})

it('does not try again what no try can mend', () => {
  expect(nextRetryMs(policy, { tried: 1, code: 'KC_MODEL_REJECTED', retryable: false })).toBeNull()
  expect(nextRetryMs(policy, { tried: 1, code: 'KC_RUN_STOPPED', retryable: true })).toBeNull()
})
