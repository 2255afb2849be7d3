import type { Env } from '@kafclaw/env'
import { decode, type ErrorCode, formatPlace, parsePlace, type RawRecord } from '@kafclaw/envelope'
import { type Log, readOnce } from '@kafclaw/kafka'
import { countingRequest, dutyDelayMs, type TaskState } from '@kafclaw/tasks'
import type { Logger } from '@kafclaw/telemetry'
import { createDutyRecords, type DutyRecordsOptions } from './duty-records.ts'
import { createDutyStore, type Duty, nameOf } from './duty-store.ts'
import type { GroupCommit } from './group-commit.ts'
import { isRequestTopic } from './group-topics.ts'

/**
 * What any service of the zone could write (dead letters, outcomes of tasks that nobody can run, copies home) is written by
 * rank: rank 0 at once, rank r after r x 150 ms unless the log has it by then (docs/wire.md, By rank).
 */
export interface Duties {
  /** Inside a transaction. With `record`, rank 0 writes in this very transaction. */
  note(duty: Duty, record?: RawRecord): void
  /** Inside a transaction: a record that nobody can use; a request among them whose task can be read is rejected. */
  poison(record: RawRecord, why: { code: ErrorCode; reason: string; taskId: string | null }): void
  /** Inside a transaction: an answer outside of the home partition of its task. */
  misplaced(record: RawRecord): void
  /** Inside a transaction: attempt after attempt of the task ended without a step. */
  exhausted(task: TaskState): void
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

const REJECTION_GRACE_MS = 1000
const EXHAUSTED = 'attempt after attempt ended without a step'

/** Records of duties that wait are kept in memory up to this many; beyond, they are read from the log again. */
const MOST_KEPT_RECORDS = 1000

export function createDuties(options: DutiesOptions): Duties {
  const { env, log, logger, commit, agentId, tasks } = options
  const store = createDutyStore(options.db)
  const records = createDutyRecords(options, store)
  const scheduled = new Set<string>()
  const kept = new Map<string, RawRecord>()
  /** Noted in the transaction under way, each with the time that its rank gives it. */
  let fresh: Array<{ duty: Duty; delayMs: number }> = []
  let isRanked = false
  let isStopped = false

  function delayOf(duty: Duty): number {
    const requester = duty.kind === 'dead_letter' ? undefined : tasks.get(duty.subject).requests[0]?.senderId
    // Nothing orders the topics and partitions in which a task may be asked for: the good request gets time to arrive.
    const graceMs = duty.kind === 'rejected' ? REJECTION_GRACE_MS : 0
    const first = requester === undefined ? {} : { first: requester }
    return graceMs + dutyDelayMs(duty.subject, agentId, { live: options.live(), ...first })
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

  function note(duty: Duty, record?: RawRecord): void {
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
    fresh.push({ duty, delayMs })
    if (isRanked) env.nextTurn(() => scheduleFresh())
  }

  return {
    note,
    poison(record, { code, reason, taskId }) {
      const place = formatPlace(record)
      note({ kind: 'dead_letter', subject: place, place, code, reason }, record)
      if (taskId === null || !isRequestTopic(record.topic)) return
      note({ kind: 'rejected', subject: taskId, place: null, code, reason })
    },
    misplaced(record) {
      const place = formatPlace(record)
      note({ kind: 'copy_home', subject: place, place, code: null, reason: null }, record)
    },
    exhausted(task) {
      const place = countingRequest(task)?.place ?? null
      note({ kind: 'exhausted', subject: task.taskId, place, code: null, reason: EXHAUSTED })
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
    for (const { duty, delayMs } of duties) schedule(duty, delayMs)
  }
}
