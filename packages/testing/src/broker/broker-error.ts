import { AppError } from '@kafclaw/envelope'
import { JAVA_LEAST } from './version.ts'

/** What is missing on this machine and how to get it, as one error for people. */
export function noWayToKafka(reasons: readonly string[]): AppError {
  return new AppError(
    'KC_BROKER_UNAVAILABLE',
    [
      'there is no Kafka to use and no way to start one here:',
      ...reasons.map((reason) => `  - ${reason}`),
      'Any one of these helps:',
      '  - name brokers that run already: KAFCLAW_KAFKA_BROKERS=host:port,...',
      `  - install Java ${JAVA_LEAST} or newer and Maven (Debian, Ubuntu: apt-get install default-jre-headless maven; macOS: brew install openjdk maven)`,
      '  - install Docker and start it',
    ].join('\n'),
  )
}

/** A broker that was started and did not become usable; the end of its own output says why. */
export function startFailed(what: string, output: string): AppError {
  return new AppError('KC_BROKER_START_FAILED', `${what}; its last words:\n${output.slice(-3000).trim()}`)
}
