import { sleep } from '@kafclaw/env'
import type { AppError } from '@kafclaw/envelope'
import { ENDPOINT_RETRY, nextRetryMs } from '@kafclaw/tasks'
import type { EndpointOptions } from './endpoint.ts'
import { timeoutError } from './model-error.ts'

/** One try: `signal` ends it, `alive` says that something was heard. */
export interface Attempt {
  readonly signal: AbortSignal
  alive(): void
}

/**
 * Runs a call, again as long as its error is worth it and `mayRepeat` agrees, by the policy for endpoints. The wait is what
 * the endpoint asked for, where it says so; one that asks for more than the longest interval is not waited for.
 */
export async function withAttempts<T>(
  options: EndpointOptions,
  call: {
    signal: AbortSignal
    run(attempt: Attempt): Promise<T>
    toError(thrown: unknown): AppError
    mayRepeat(): boolean
  },
): Promise<T> {
  const policy = { ...ENDPOINT_RETRY, maximumAttempts: (options.retries ?? ENDPOINT_RETRY.maximumAttempts - 1) + 1 }
  for (let tried = 1; ; tried++) {
    call.signal.throwIfAborted()
    try {
      return await withDeadlines(options, call.signal, call.run)
    } catch (thrown) {
      call.signal.throwIfAborted()
      const error = call.toError(thrown)
      const byPolicyMs = nextRetryMs(policy, { tried, code: error.code, retryable: error.retryable })
      const askedMs = error.details.retry_after_ms
      const waitMs = typeof askedMs === 'number' ? askedMs : byPolicyMs
      if (byPolicyMs === null || waitMs === null || waitMs > policy.maximumIntervalMs || !call.mayRepeat()) throw error
      await sleep(options.env, waitMs, call.signal)
    }
  }
}

/** Ends an attempt that is silent or goes on for too long with KC_MODEL_TIMEOUT. */
async function withDeadlines<T>(
  options: EndpointOptions,
  outer: AbortSignal,
  run: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  const expire = (): void => own.abort(timeoutError(options))
  const idleMs = options.idleTimeoutMs ?? 120_000
  const whole = options.env.setTimer(options.timeoutMs ?? 600_000, expire)
  let idle = options.env.setTimer(idleMs, expire)
  const alive = (): void => {
    idle.cancel()
    idle = options.env.setTimer(idleMs, expire)
  }
  try {
    return await run({ signal: AbortSignal.any([outer, own.signal]), alive })
  } catch (thrown) {
    // The SDK reports any abort alike; the reason of ours says more.
    own.signal.throwIfAborted()
    throw thrown
  } finally {
    whole.cancel()
    idle.cancel()
  }
}
