import { AppError } from '@kafclaw/envelope'
import type { GroupOffsets } from './group-offsets.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { MemberEnd } from './member.ts'
import type { MemberCore, MemberOptions } from './member-core.ts'
import type { MemberLife } from './member-life.ts'
import type { MemberReader } from './member-reader.ts'

const STOP_MS = 25_000
const RUN_GRACE_MS = 16_000

export interface MemberEnding {
  readonly ended: Promise<MemberEnd>
  /** Ends once; whoever comes later waits for the same end. */
  close(end: MemberEnd): Promise<void>
  /** What the last boot left is queued and the partitions are known: before that nothing may be sent from outside. */
  readonly canSend: PromiseWithResolvers<void>
}

/** How a member ends: in order when it is asked to, at once when it has been replaced, has failed or is abandoned. */
export function createMemberEnding(parts: {
  options: MemberOptions
  life: MemberLife
  core: MemberCore
  groupOffsets: GroupOffsets
  heartbeat: Heartbeat
  reader: MemberReader
}): MemberEnding {
  const { options, life, core, groupOffsets, heartbeat, reader } = parts
  const { env, logger } = options
  const ended = Promise.withResolvers<MemberEnd>()
  const canSend = Promise.withResolvers<void>()
  canSend.promise.catch(() => undefined)
  let closing: Promise<void> | null = null

  async function closeAll(end: MemberEnd): Promise<void> {
    life.isLeaving = true
    // Whatever waits for a disk that stays full, or for the log, waits no longer: it lies in Kafka, and the next boot takes it up.
    const late = env.setTimer(STOP_MS, () => life.closed.abort('the time to stop in order is over'))
    core.duties.stop()
    groupOffsets.stop()
    canSend.reject(new AppError('KC_RUNTIME_STOPPED', 'The service is stopping: nothing more is sent.'))
    if (end.reason === 'stopped') await leaveInOrder()
    else core.runs.abandon()
    await core.closeReaders()
    if (end.reason === 'replaced') {
      const { boot, host } = end
      const where = host ?? 'another host'
      logger.error({ boot, host }, `a newer boot of "${options.agentId}" runs on ${where}; this process stops`)
    }
    await heartbeat.stop()
    await reader.close()
    // Deletes the rows that were acknowledged last: the next boot would send them again.
    if (core.outbox.hasAcknowledged()) await core.commit.submit(() => undefined).catch(() => undefined)
    await core.commit.settled()
    life.closed.abort('the service stops')
    await core.relay.stop()
    late.cancel()
    ended.resolve(end)
  }

  async function leaveInOrder(): Promise<void> {
    const startMs = env.monotonicMs()
    await core.runs.stop(RUN_GRACE_MS)
    await core.commit.settled()
    await drainOutbox(STOP_MS - (env.monotonicMs() - startMs))
    if (life.isConfirmed) await heartbeat.beatNow()
  }

  /** What cannot be sent in time stays in the outbox: the next boot sends it. */
  async function drainOutbox(longestMs: number): Promise<void> {
    const late = new AbortController()
    const timer = env.setTimer(Math.max(0, longestMs), () => late.abort())
    await core.relay.drained(late.signal)
    timer.cancel()
  }

  return {
    ended: ended.promise,
    canSend,
    close(end) {
      closing ??= closeAll(end)
      return closing
    },
  }
}
