import type { Env } from '@kafclaw/env'
import { decode, parsePlace, type RawRecord } from '@kafclaw/envelope'
import { type Log, readOnce } from '@kafclaw/kafka'
import { dutyDelayMs } from '@kafclaw/tasks'
import type { Logger } from '@kafclaw/telemetry'
import { createDutyRecords, type DutyRecordsOptions } from './duty-records.ts'
import { createDutyStore, type Duty, nameOf } from './duty-store.ts'
import type { GroupCommit } from './group-commit.ts'

/**
 * What any service of the zone could write (dead letters, outcomes of tasks that nobody can run, copies home) is written by
 * rank: rank 0 at once, rank r after r x 150 ms unless the log has it by then (docs/wire.md, By rank).
 */
export interface Duties {
  /** Inside a transaction. With `record`, rank 0 writes in this very transaction. */
  note(duty: Duty, record?: RawRecord): void
  /** Inside a transaction: the dead letter of that source was read. */
  deadLetterSeen(source: string): void
  /** The reader has caught up and the roster is known: what was noted so far gets its rank. */
  begin(): void
  /** The transaction was not committed: what was noted in it is forgotten. */
  rolledBack(): void
  stop(): void
}

export interface DutiesOptions extends DutyRecordsOptions {
  env: Env
  log: Log
  logger: Logger
  commit: GroupCommit
  agentId: string
  /** Ids of all live announcers of the zone. */
  live(): string[]
}

/** Records of duties that wait are kept in memory up to this many; beyond, they are read from the log again. */
const MOST_KEPT_RECORDS = 1000

export function createDuties(options: DutiesOptions): Duties {
  const { env, log, logger, commit, agentId, tasks } = options
  const store = createDutyStore(options.db)
  const records = createDutyRecords(options, store)
  const scheduled = new Set<string>()
  const kept = new Map<string, RawRecord>()
  let fresh: Duty[] = []
  let isRanked = false
  let isStopped = false

  function delayOf(duty: Duty): number {
    const requester = duty.kind === 'dead_letter' ? undefined : tasks.get(duty.subject).requests[0]?.senderId
    return dutyDelayMs(duty.subject, agentId, {
      live: options.live(),
      ...(requester === undefined ? {} : { first: requester }),
    })
  }

  function schedule(duty: Duty, delayMs: number): void {
    const name = nameOf(duty)
    if (scheduled.has(name) || isStopped) return
    scheduled.add(name)
    env.setTimer(delayMs, () => {
      perform(duty)
        .catch((error: unknown) =>
          logger.warn({ err: error, duty: name }, 'a duty could not be done; it is kept for the next start'),
        )
        .finally(() => {
          scheduled.delete(name)
          kept.delete(name)
        })
    })
  }

  async function perform(duty: Duty): Promise<void> {
    if (isStopped) return
    const record = kept.get(nameOf(duty)) ?? (await sourceOf(duty))
    const task = duty.kind === 'copy_home' && record ? await taskOfAnswer(record) : null
    await commit.submit(() => {
      if (records.isNeeded(duty, task)) records.write(duty, { record, task })
      store.remove(duty)
    })
  }

  async function sourceOf(duty: Duty): Promise<RawRecord | null> {
    const place = duty.place === null ? null : parsePlace(duty.place)
    return place && readOnce(log, place)
  }

  /** The task that a misplaced answer is about: named by itself, or by the request that it replies to. */
  async function taskOfAnswer(record: RawRecord): Promise<string | null> {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'response') return null
    const { correlation_id: taskId, payload } = decoded.envelope
    if (taskId !== null) return taskId
    const place = payload.in_reply_to === null ? null : parsePlace(payload.in_reply_to)
    const request = place && (await readOnce(log, place))
    const asked = request && decode(request)
    return asked?.kind === 'envelope' && asked.envelope.type === 'request' ? asked.envelope.correlation_id : null
  }

  return {
    note(duty, record) {
      if (duty.kind === 'dead_letter' && store.hasDeadLetter(duty.subject)) return
      if (scheduled.has(nameOf(duty))) return
      const delayMs = isRanked ? delayOf(duty) : 0
      const isComplete = duty.kind === 'dead_letter' ? record !== undefined : duty.place === null
      if (isRanked && delayMs === 0 && isComplete) {
        if (records.isNeeded(duty, null)) records.write(duty, { record: record ?? null, task: null })
        return
      }
      store.add(duty)
      if (record && kept.size < MOST_KEPT_RECORDS) kept.set(nameOf(duty), record)
      fresh.push(duty)
      if (isRanked) env.nextTurn(() => scheduleFresh())
    },
    deadLetterSeen: (source) => store.noteDeadLetter(source, env.now()),
    begin() {
      isRanked = true
      fresh = []
      for (const duty of store.all()) schedule(duty, delayOf(duty))
    },
    rolledBack() {
      fresh = []
    },
    stop() {
      isStopped = true
    },
  }

  function scheduleFresh(): void {
    const duties = fresh
    fresh = []
    for (const duty of duties) schedule(duty, delayOf(duty))
  }
}
