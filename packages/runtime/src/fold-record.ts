import { type Decoded, type Envelope, formatPlace, type RawRecord } from '@kafclaw/envelope'
import { foldRequest, foldResponse, foldStatus, isHome } from '@kafclaw/tasks'
import type { GroupState } from './group-state.ts'
import type { StoredTask, TaskStore } from './task-store.ts'
import type { Timeline } from './timeline.ts'

export interface FoldOptions {
  agentId: string
  group: GroupState
  tasks: TaskStore
  timeline: Timeline
  /** A beat of any agent was read, ours among them. */
  onBeat(envelope: Extract<Envelope, { type: 'announce' }>, record: RawRecord): void
  /** A response outside of the home partition of its task was read. */
  onMisplaced(record: RawRecord): void
  /** A response in its home partition was read. */
  onResponse(envelope: Extract<Envelope, { type: 'response' }>): void
}

/** Takes one record into the state of the member; inside the transaction of its batch. */
export function createRecordFold(options: FoldOptions): (decoded: Decoded, record: RawRecord) => void {
  const { group, tasks, timeline } = options

  function change(taskId: string, fold: (task: StoredTask) => StoredTask): boolean {
    const task = tasks.get(taskId)
    const next = fold(task)
    if (next === task) return false
    tasks.put(next)
    return true
  }

  /** Records outside the home partition of their task never count (docs/wire.md, Home partition). */
  function atHome(taskId: string, record: RawRecord): boolean {
    const partitions = group.partitions()
    return partitions !== null && isHome(taskId, record.partition, partitions)
  }

  /** What we sent has its row already, written with the decision to send it. */
  function note(envelope: Envelope, record: RawRecord): void {
    if (envelope.sender_id !== options.agentId) timeline.seen(envelope, record)
  }

  return (decoded, record) => {
    if (decoded.kind !== 'envelope') return
    const { envelope } = decoded
    switch (envelope.type) {
      case 'request': {
        const place = formatPlace(record)
        change(envelope.correlation_id, (task) => foldRequest(task, envelope, place))
        tasks.putRequest(envelope, place)
        return note(envelope, record)
      }
      case 'task_status':
        if (!atHome(envelope.correlation_id, record)) return
        change(envelope.correlation_id, (task) => foldStatus(task, envelope, record.offset))
        return note(envelope, record)
      case 'response':
        if (envelope.correlation_id === null || !atHome(envelope.correlation_id, record)) {
          // The answer of a client that hashes otherwise, or names its request by place: its copy at home will count.
          return options.onMisplaced(record)
        }
        change(envelope.correlation_id, (task) => foldResponse(task, envelope, record.offset))
        options.onResponse(envelope)
        return note(envelope, record)
      case 'announce':
        group.foldBeat(envelope, record)
        return options.onBeat(envelope, record)
      case 'zone':
        return group.foldZone(envelope)
      case 'skill':
        return group.foldSkill(envelope)
      case 'memory':
      case 'approval':
      case 'trace':
        return
    }
  }
}
