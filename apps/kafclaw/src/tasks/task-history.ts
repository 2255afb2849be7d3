import {
  decode,
  type Envelope,
  formatPlace,
  type RawRecord,
  type RecordPlace,
  type RequestEnvelope,
  type ResponseEnvelope,
  type TaskStatusEnvelope,
} from '@kafclaw/envelope'
import { countingRequest, foldRequest, foldResponse, foldStatus, isHome, newTask, type TaskState } from '@kafclaw/tasks'

/** One record about a task, and what the rules make of it. */
export interface HistoryRecord<E extends Envelope> extends RecordPlace {
  envelope: E
  timestampMs: number
  /** Why it changes nothing; null: it counts, or is a courtesy of the run that holds the task. */
  ignored: string | null
}

/** One claim that held, and the run behind it. */
export interface Attempt {
  attempt: number
  agentId: string
  boot: number
  runId: string
  claim: RecordPlace
  claimedMs: number
  /** Steps with a result on `traces`. */
  steps: number
  /** Whether its run holds the task now. */
  end: 'holds' | 'released' | 'superseded' | 'answered' | 'ended by another'
}

export interface TaskHistory {
  task: TaskState
  requests: ReadonlyArray<HistoryRecord<RequestEnvelope>>
  statuses: ReadonlyArray<HistoryRecord<TaskStatusEnvelope>>
  responses: ReadonlyArray<HistoryRecord<ResponseEnvelope>>
  attempts: readonly Attempt[]
}

/** Folds the records of one task, each partition in log order, and keeps what every single one did. */
export function createTaskHistory(taskId: string, partitions: number) {
  let task = newTask(taskId)
  const requests: Array<Omit<HistoryRecord<RequestEnvelope>, 'ignored'>> = []
  const statuses: Array<HistoryRecord<TaskStatusEnvelope>> = []
  const responses: Array<Omit<HistoryRecord<ResponseEnvelope>, 'ignored'>> = []
  const claims: Array<Omit<Attempt, 'steps' | 'end'>> = []
  const released = new Set<string>()
  const steps = new Map<string, Set<string>>()

  function foldStatusRecord(record: RawRecord, envelope: TaskStatusEnvelope): void {
    const ignored = applyStatus(record, envelope)
    const { payload } = envelope
    statuses.push({ ...placeOf(record), envelope, timestampMs: record.timestampMs, ignored })
    if (ignored !== null) return
    if (payload.status === 'released') released.add(payload.run_id)
    if (payload.status !== 'claimed') return
    const { attempt, agent_id: agentId, boot, run_id: runId } = payload
    claims.push({ attempt, agentId, boot, runId, claim: placeOf(record), claimedMs: record.timestampMs })
  }

  function applyStatus(record: RawRecord, envelope: TaskStatusEnvelope): string | null {
    if (!isHome(taskId, record.partition, partitions)) return 'not in the home partition'
    const before = task
    task = foldStatus(task, envelope, record.offset)
    const { payload } = envelope
    if (task !== before || payload.status === 'assigned') return null
    if (payload.status === 'claimed') return `attempt ${payload.attempt} was claimed before`
    return payload.run_id === task.claim?.runId && task.released === null ? null : 'its run does not hold the task'
  }

  function countStep(envelope: Extract<Envelope, { type: 'trace' }>): void {
    const { phase, run_id, step, redo } = envelope.payload
    if (phase !== 'result') return
    steps.set(run_id, (steps.get(run_id) ?? new Set()).add(`${step}/${redo}`))
  }

  function fold(record: RawRecord): void {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.correlation_id !== taskId) return
    const { envelope } = decoded
    const seen = { ...placeOf(record), timestampMs: record.timestampMs }
    switch (envelope.type) {
      case 'request':
        task = foldRequest(task, envelope, formatPlace(record))
        requests.push({ ...seen, envelope })
        return
      case 'task_status':
        foldStatusRecord(record, envelope)
        return
      case 'response':
        if (isHome(taskId, record.partition, partitions)) task = foldResponse(task, envelope, record.offset)
        responses.push({ ...seen, envelope })
        return
      case 'trace':
        if (isHome(taskId, record.partition, partitions)) countStep(envelope)
        return
      default:
    }
  }

  function history(): TaskHistory {
    const counting = countingRequest(task)
    return {
      task,
      requests: requests.map((request) => ({
        ...request,
        ignored: formatPlace(request) === counting?.place ? null : 'the task runs for another request',
      })),
      statuses,
      responses: responses.map((response) => ({ ...response, ignored: whyNoOutcome(response) })),
      attempts: claims.map((claim) => ({ ...claim, steps: steps.get(claim.runId)?.size ?? 0, end: endOf(claim) })),
    }
  }

  function whyNoOutcome({ partition, offset }: RecordPlace): string | null {
    if (!isHome(taskId, partition, partitions)) return 'not in the home partition'
    return offset === task.outcome?.offset ? null : 'another answer was first'
  }

  function endOf({ runId }: { runId: string }): Attempt['end'] {
    if (task.outcome?.runId === runId) return 'answered'
    if (released.has(runId)) return 'released'
    if (task.claim?.runId !== runId) return 'superseded'
    return task.outcome ? 'ended by another' : 'holds'
  }

  return { fold, history }
}

function placeOf({ topic, partition, offset }: RecordPlace): RecordPlace {
  return { topic, partition, offset }
}
