import { sleep } from '@kafclaw/env'
import type { AppError } from '@kafclaw/envelope'
import type { EndpointOptions } from './endpoint.ts'
import { timeoutError } from './model-error.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

/** One try: `signal` ends it, `alive` says that something was heard. */
export interface Attempt {
  readonly signal: AbortSignal
  alive(): void
}

/**
 * Runs a call, again as long as its error is worth it and `mayRepeat` agrees. The wait is what the endpoint asked for,
 * else it doubles from 0.5 s; an endpoint that asks for more than 30 s is not waited for.
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
  for (let tried = 0; ; tried++) {
    call.signal.throwIfAborted()
    try {
      return await withDeadlines(options, call.signal, call.run)
    } catch (thrown) {
      call.signal.throwIfAborted()
      const error = call.toError(thrown)
      const asked = error.details.retry_after_ms
      const waitMs = typeof asked === 'number' ? asked : FIRST_WAIT_MS * 2 ** tried
      if (!error.retryable || tried >= (options.retries ?? 2) || waitMs > LONGEST_WAIT_MS || !call.mayRepeat())
        throw error
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
