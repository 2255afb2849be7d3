import { createVirtualEnv } from '@kafclaw/env/testing'
import type { ResponseEnvelope } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { awaitOutcome, type WaitLimits } from './await-outcome.ts'

function waiting(limits: Partial<WaitLimits> = {}) {
  const env = createVirtualEnv()
  const interruption = new AbortController()
  const outcome = Promise.withResolvers<ResponseEnvelope>()
  const end = awaitOutcome(outcome.promise, {
    env,
    timeoutMs: null,
    lastMs: env.now() + 1_000_000,
    interrupted: interruption.signal,
    ...limits,
  })
  return { env, interruption, outcome, end }
}

it('ends with the timeout of the one who waits, and leaves no timer behind', async () => {
  const { env, end } = waiting({ timeoutMs: 5_000 })
  await env.advance(5_000)
  await expect(end).resolves.toBe('timeout')
})

it('ends with the deadline of the task where nobody said how long to wait', async () => {
  const { env, end } = waiting()
  await env.advance(1_000_000)
  await expect(end).resolves.toBe('expired')
})

it('calls it the deadline, not a timeout, when the task ends before the patience', async () => {
  const { env, end } = waiting({ timeoutMs: 2_000_000 })
  await env.advance(1_000_000)
  await expect(end).resolves.toBe('expired')
})

it('ends at once when it is interrupted', async () => {
  const { interruption, end } = waiting()
  interruption.abort()
  await expect(end).resolves.toBe('interrupted')
})

it('passes on why there will be no outcome', async () => {
  const { outcome, end } = waiting()
  outcome.reject(new Error('the reader died'))
  await expect(end).rejects.toThrow('the reader died')
})
