import { sleep } from '@kafclaw/env'
import { AppError, ERRORS } from '@kafclaw/envelope'
import { applyTopics, type Host, type MemberEnd, type ReadinessCheck, type Service } from '@kafclaw/runtime'
import { commandSenderId } from '../group/open-group.ts'

const LONGEST_PAUSE_MS = 5_000

/** Makes the topics of the group once, as a part of `up`: tried until Kafka is there, failed when it is not allowed to. */
export function createTopicKeeper(host: Host): Service {
  const stopping = new AbortController()
  const ready = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<MemberEnd>()
  let check: ReadinessCheck = { name: 'applied', ok: false, detail: 'not yet' }

  async function applyOnce(): Promise<void> {
    const { log, env, settings, logger } = host
    const scope = { group: settings.group, zone: settings.zone }
    const senderId = commandSenderId(host)
    const { created } = await applyTopics({ log, env, scope, senderId, leaseMs: settings.leaseMs })
    if (created.length > 0) logger.info({ created }, `created ${created.length} topics of group "${settings.group}"`)
    check = { name: 'applied', ok: true, detail: 'the topics of the group are there' }
    ready.resolve()
  }

  async function applyUntilDone(): Promise<void> {
    for (let pauseMs = 200; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await applyOnce()
      } catch (error) {
        const known = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
        check = { name: 'applied', ok: false, detail: known.message }
        if (!ERRORS[known.code].retryable) return ended.resolve({ reason: 'failed', error: known })
        host.logger.warn({ code: known.code }, `the topics of the group cannot be looked after yet: ${known.message}`)
        await sleep(host.env, pauseMs, stopping.signal)
      }
    }
  }

  void applyUntilDone()
  return {
    id: 'topics',
    readiness: () => ({ ready: check.ok, checks: [check] }),
    whenReady: () => ready.promise,
    ended: ended.promise,
    async stop() {
      stopping.abort()
      ended.resolve({ reason: 'stopped' })
    },
  }
}
