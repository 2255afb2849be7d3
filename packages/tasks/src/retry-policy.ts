/** When something that failed is tried again, in the words of Temporal's retry policy. */
export interface RetryPolicy {
  /** Before the second try, ms. */
  initialIntervalMs: number
  /** Each further wait is so many times as long as the one before. */
  backoffCoefficient: number
  maximumIntervalMs: number
  /** Tries, the first included. */
  maximumAttempts: number
  /** Error codes that no try can mend, whatever their entry in the table of errors says. */
  nonRetryable: readonly string[]
}

/** Calls of an endpoint, such as a model, within one try of a step. */
export const ENDPOINT_RETRY: RetryPolicy = {
  initialIntervalMs: 500,
  backoffCoefficient: 2,
  maximumIntervalMs: 30_000,
  maximumAttempts: 3,
  nonRetryable: [],
}

/** Tries of a step that may be repeated. What takes longer is the deadline's to end, or a person's. */
export const STEP_RETRY: RetryPolicy = {
  initialIntervalMs: 1_000,
  backoffCoefficient: 3,
  maximumIntervalMs: 60_000,
  maximumAttempts: 3,
  // The run has to stop, or the service itself is at fault: another try in the same run changes neither.
  nonRetryable: ['KC_RUN_STOPPED', 'KC_RUNTIME_STOPPED'],
}

/**
 * Attempts of a task in a row that ended without a new step: after so many nobody claims it any more. They are never waited
 * for, because each begins only when the one before is gone; and attempts that come further have no limit.
 */
export const MOST_FRUITLESS = 3

/** How long to wait before the next try, ms; null when there is none. `tried` counts the tries that have failed, from 1. */
export function nextRetryMs(
  policy: RetryPolicy,
  failure: { tried: number; code: string; retryable: boolean },
): number | null {
  if (!failure.retryable || failure.tried >= policy.maximumAttempts || policy.nonRetryable.includes(failure.code)) {
    return null
  }
  const intervalMs = policy.initialIntervalMs * policy.backoffCoefficient ** (failure.tried - 1)
  return Math.min(intervalMs, policy.maximumIntervalMs)
}
