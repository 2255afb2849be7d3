import { type Env, sleep } from '@kafclaw/env'
import { AppError, decode, ERRORS, type RequestEnvelope, type ResponseEnvelope, topicName } from '@kafclaw/envelope'
import { type Log, readOnce } from '@kafclaw/kafka'
import { countingRequest, homePartition } from '@kafclaw/tasks'
import type { TaskStore } from './task-store.ts'

/** What was asked and answered in a task. */
export interface Exchange {
  request: RequestEnvelope
  answer: ResponseEnvelope
}

/** Waits for the outcomes of tasks that our runs have asked others for. */
export interface Outcomes {
  /** Inside a transaction: a response at home was read; it is the outcome if it is the first one. */
  read(envelope: ResponseEnvelope): void
  /** After the commit: hands over to those who wait. */
  deliver(): void
  /**
   * The outcome of a task: from the log when the fold has it, however long that cannot be read, else when it comes. Throws
   * KC_RUN_STOPPED on abort, KC_LOG_RECORD_GONE when retention has deleted it.
   */
  of(taskId: string, signal: AbortSignal): Promise<ResponseEnvelope>
  /** A task that has ended; null when nothing is known of it here, or no more. Throws KC_RUN_STOPPED on abort. */
  exchange(taskId: string, signal: AbortSignal): Promise<Exchange | null>
}

const PAUSE_MS = 500

export function createOutcomes(options: {
  env: Env
  log: Log
  tasks: TaskStore
  scope: { group: string; zone: string }
  partitions(): number
}): Outcomes {
  const { env, log, tasks, scope } = options
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

  /** What others did for a run is not lost to it because the broker is away just then. */
  async function readBackWhenReadable(taskId: string, offset: number, signal: AbortSignal): Promise<ResponseEnvelope> {
    while (!signal.aborted) {
      try {
        return await readBack(taskId, offset)
      } catch (thrown) {
        const error = AppError.fromUnknown(thrown, 'KC_KAFKA_UNREACHABLE')
        if (!ERRORS[error.code].retryable) throw error
        await sleep(env, PAUSE_MS, signal)
      }
    }
    throw stopped(taskId, signal)
  }

  async function untilDelivered(taskId: string, signal: AbortSignal): Promise<ResponseEnvelope> {
    if (signal.aborted) throw stopped(taskId, signal)
    const { promise, resolve, reject } = Promise.withResolvers<ResponseEnvelope>()
    const callbacks = waiting.get(taskId) ?? new Set()
    waiting.set(taskId, callbacks.add(resolve))
    const stop = (): void => reject(stopped(taskId, signal))
    signal.addEventListener('abort', stop)
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', stop)
      callbacks.delete(resolve)
      if (callbacks.size === 0 && waiting.get(taskId) === callbacks) waiting.delete(taskId)
    }
  }

  async function exchange(taskId: string, signal: AbortSignal): Promise<Exchange | null> {
    const task = tasks.get(taskId)
    const asked = countingRequest(task)
    const request = asked && tasks.requestAt(taskId, asked.place)
    if (task.outcome === null || request === null) return null
    try {
      return { request, answer: await readBackWhenReadable(taskId, task.outcome.offset, signal) }
    } catch (error) {
      if (error instanceof AppError && error.code === 'KC_LOG_RECORD_GONE') return null
      throw error
    }
  }

  return {
    exchange,
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
      return outcome ? readBackWhenReadable(taskId, outcome.offset, signal) : untilDelivered(taskId, signal)
    },
  }
}

function stopped(taskId: string, { reason }: AbortSignal): AppError {
  return new AppError('KC_RUN_STOPPED', `The run stops while it waits for ${taskId}: ${String(reason)}.`)
}
