import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'

const SHORTEST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5000

/**
 * Waits until at least one of the topics is there, saying through `onWait` what is missing; empty when aborted.
 * Errors that waiting does not mend (authentication, authorisation) are thrown.
 */
export async function awaitTopics(options: {
  env: Env
  topics(): Promise<readonly string[]>
  signal: AbortSignal
  onWait(why: string): void
}): Promise<readonly string[]> {
  const { env, signal, onWait } = options
  for (let pauseMs = SHORTEST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const topics = await options.topics()
      if (topics.length > 0) return topics
      onWait('there are no topics yet; create them with: kafclaw topics apply')
    } catch (error) {
      const known = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
      if (known.code === 'KC_KAFKA_AUTHENTICATION' || known.code === 'KC_KAFKA_NOT_AUTHORISED') throw known
      onWait(known.message)
    }
    await sleep(env, pauseMs, signal)
  }
  return []
}
