import type { Env } from '@kafclaw/env'
import { AppError, createEnvelope, decode, type ErrorCode, type RawRecord } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import { countingRequest } from '@kafclaw/tasks'
import type { Duty, DutyStore } from './duty-store.ts'
import type { MemberEvents } from './member-events.ts'
import type { Sender } from './sender.ts'
import type { TaskStore } from './task-store.ts'

export interface DutyRecordsOptions {
  db: Db
  env: Env
  tasks: TaskStore
  sender: Sender
  events: MemberEvents
}

/** The records by which duties are done. All inside a transaction. */
export interface DutyRecords {
  /** Whether the log still lacks it; `task` is the task of a misplaced answer. */
  isNeeded(duty: Duty, task: string | null): boolean
  write(duty: Duty, source: { record: RawRecord | null; task: string | null }): void
}

export function createDutyRecords({ env, tasks, sender, events }: DutyRecordsOptions, store: DutyStore): DutyRecords {
  function isOpen(taskId: string): boolean {
    const task = tasks.get(taskId)
    return task.outcome === null && !task.finished
  }

  function end(
    taskId: string,
    status: 'expired' | 'failed' | 'rejected',
    error: { code: ErrorCode; message: string },
  ): void {
    const task = tasks.get(taskId)
    const request = countingRequest(task)
    sender.send({
      type: 'response',
      recipient_id: request?.senderId ?? null,
      correlation_id: taskId,
      causation_id: request?.recordId ?? null,
      payload: { status, error: { ...error, retryable: false } },
    })
    events.outcome(status)
    tasks.put({ ...task, finished: true })
  }

  function deadLetter(duty: Duty, record: RawRecord, attempts?: string): void {
    const about = { code: duty.code ?? 'KC_ENVELOPE_INVALID', reason: duty.reason ?? '' } as const
    const why = attempts === undefined ? about : { ...about, attempts }
    sender.deadLetter(record, why)
    const source = `${record.topic}/${record.partition}/${record.offset}`
    store.noteDeadLetter(source, env.now())
    events.deadLetter(why.code, source, why.reason)
  }

  /** The last attempt and how many in a row came no further; all of them lie on `tasks.status`. */
  function attemptsOf(taskId: string): string {
    const { claim, released } = tasks.get(taskId)
    const last = claim && { run_id: claim.runId, agent_id: claim.agentId, boot: claim.boot, ended: released ?? 'lost' }
    return JSON.stringify({ attempts: claim?.attempt ?? 0, fruitless: (claim?.fruitless ?? 0) + 1, last })
  }

  function copyHome(record: RawRecord, taskId: string): void {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'response') return
    const { envelope } = decoded
    const { id, ...rest } = envelope
    const copy = createEnvelope(
      { ...rest, correlation_id: taskId, causation_id: id, payload: { ...envelope.payload, in_reply_to: null } },
      { id: env.newId(), nowMs: env.now() },
    )
    sender.copy(copy)
  }

  return {
    isNeeded(duty, task) {
      switch (duty.kind) {
        case 'dead_letter':
          return !store.hasDeadLetter(duty.subject)
        case 'expired':
        case 'exhausted':
          return isOpen(duty.subject)
        case 'rejected':
          // A stranger may name the task of somebody else: one that was asked for in good form is not rejected.
          return isOpen(duty.subject) && tasks.get(duty.subject).requests.length === 0
        case 'copy_home':
          return task !== null && tasks.get(task).outcome === null
      }
    },
    write(duty, { record, task }) {
      switch (duty.kind) {
        case 'dead_letter':
          if (record) deadLetter(duty, record)
          return
        case 'expired':
          end(duty.subject, 'expired', { code: 'KC_TASK_EXPIRED', message: 'The deadline of the task has passed.' })
          return
        case 'exhausted':
          if (record) deadLetter({ ...duty, code: 'KC_TASK_EXHAUSTED' }, record, attemptsOf(duty.subject))
          end(duty.subject, 'failed', {
            code: 'KC_TASK_EXHAUSTED',
            message:
              'Attempt after attempt ended without a step; the task is given up. Its request is in the dead letters.',
          })
          return
        case 'rejected':
          end(duty.subject, 'rejected', {
            code: duty.code ?? 'KC_ENVELOPE_INVALID',
            message: duty.reason ?? 'The request is malformed.',
          })
          return
        case 'copy_home':
          if (record === null || task === null)
            throw new AppError('KC_BUG', 'A copy home needs its record and its task.')
          copyHome(record, task)
      }
    },
  }
}
