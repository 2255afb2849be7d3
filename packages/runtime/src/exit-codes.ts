import type { AppError } from '@kafclaw/envelope'

/** Exit codes of every program of KafClaw; docs/errors.md says the same. */
export const EXIT = {
  done: 0,
  /** It ran, but the outcome is not good. */
  notGood: 1,
  /** Usage or configuration. */
  usage: 2,
  unreachable: 3,
  notAllowed: 4,
  /** Timed out, and the work goes on. */
  timedOut: 5,
  /** A newer boot of the same agent has taken over. */
  replaced: 6,
  interrupted: 130,
} as const

export function toExitCode(error: AppError): number {
  switch (error.code) {
    case 'KC_CONFIG_INVALID':
    case 'KC_USAGE':
    case 'KC_STORAGE_LOCKED':
    case 'KC_STORAGE_NEWER':
    case 'KC_BROKER_UNAVAILABLE':
    case 'KC_GROUP_MISSING':
      return EXIT.usage
    case 'KC_KAFKA_UNREACHABLE':
      return EXIT.unreachable
    case 'KC_KAFKA_AUTHENTICATION':
    case 'KC_KAFKA_NOT_AUTHORISED':
      return EXIT.notAllowed
    case 'KC_TASK_TIMEOUT':
      return EXIT.timedOut
    case 'KC_AGENT_REPLACED':
      return EXIT.replaced
    case 'KC_INTERRUPTED':
      return EXIT.interrupted
    default:
      return EXIT.notGood
  }
}
