import { AppError, decode, type ResponseEnvelope, topicName } from '@kafclaw/envelope'
import { type Log, readOnce } from '@kafclaw/kafka'
import { homePartition } from '@kafclaw/tasks'
import type { TaskStore } from './task-store.ts'

/** Waits for the outcomes of tasks that our runs have asked others for. */
export interface Outcomes {
  /** Inside a transaction: a response at home was read; it is the outcome if it is the first one. */
  read(envelope: ResponseEnvelope): void
  /** After the commit: hands over to those who wait. */
  deliver(): void
  /** The outcome of a task: from the log when the fold has it, else when it comes. Throws KC_RUN_STOPPED on abort. */
  of(taskId: string, signal: AbortSignal): Promise<ResponseEnvelope>
}

export function createOutcomes(options: {
  log: Log
  tasks: TaskStore
  scope: { group: string; zone: string }
  partitions(): number
}): Outcomes {
  const { log, tasks, scope } = options
  const waiting = new Map<string, Set<(envelope: ResponseEnvelope) => void>>()
  let arrived: ResponseEnvelope[] = []

  async function readBack(taskId: string, offset: number): Promise<ResponseEnvelope> {
    const place = {
      topic: topicName(scope, 'responses'),
      partition: homePartition(taskId, options.partitions()),
      offset,
    }
    const record = await readOnce(log, place)
    const decoded = record && decode(record)
    if (decoded?.kind === 'envelope' && decoded.envelope.type === 'response') return decoded.envelope
    throw new AppError(
      'KC_LOG_RECORD_GONE',
      `The answer to ${taskId} was at ${place.topic}/${place.partition}/${offset} and is no longer there: retention has deleted it. Ask again under a new task.`,
    )
  }

  return {
    read: (envelope) => void arrived.push(envelope),
    deliver() {
      const envelopes = arrived
      arrived = []
      for (const envelope of envelopes) {
        const taskId = envelope.correlation_id ?? ''
        const callbacks = waiting.get(taskId)
        waiting.delete(taskId)
        for (const callback of callbacks ?? []) callback(envelope)
      }
    },
    async of(taskId, signal) {
      const { outcome } = tasks.get(taskId)
      if (outcome) return readBack(taskId, outcome.offset)
      return new Promise((resolve, reject) => {
        const callbacks = waiting.get(taskId) ?? new Set()
        waiting.set(taskId, callbacks.add(resolve))
        const stop = (): void => {
          callbacks.delete(resolve)
          reject(
            new AppError('KC_RUN_STOPPED', `The run stops while it waits for ${taskId}: ${String(signal.reason)}.`),
          )
        }
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
      })
    },
  }
}
