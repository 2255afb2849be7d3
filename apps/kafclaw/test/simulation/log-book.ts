import { decode, type Envelope, formatPlace, parseTopicName, type RecordPlace } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import { isHome } from '@kafclaw/tasks'
import { PARTITIONS } from './stage.ts'
import type { Reached } from './world.ts'

/** What was ever written, noted as it was written: compaction takes nothing away here. */
export interface LogBook {
  /** Ids of all envelopes but heartbeats, by place. */
  readonly ids: ReadonlyMap<string, string>
  /** Tasks that were asked for and have no outcome yet. */
  readonly open: ReadonlySet<string>
  append(record: OutgoingRecord & RecordPlace, timestampMs: number): void
}

export function createLogBook(reach: (what: Reached) => void): LogBook {
  const ids = new Map<string, string>()
  const open = new Set<string>()
  const ended = new Set<string>()

  function noteTask(envelope: Envelope, partition: number): void {
    const taskId = envelope.correlation_id
    if (taskId === null) return
    if (envelope.type === 'request') {
      if (!ended.has(taskId)) open.add(taskId)
      else reach('asked again after its end')
    }
    if (envelope.type !== 'response' || !isHome(taskId, partition, PARTITIONS)) return
    ended.add(taskId)
    open.delete(taskId)
  }

  return {
    ids,
    open,
    append(record, timestampMs) {
      const kind = parseTopicName(record.topic)?.kind
      if (kind === 'dlq') reach('dead letter')
      if (kind === 'announce') return
      const decoded = decode({ ...record, timestampMs })
      if (decoded.kind !== 'envelope') return
      const { envelope } = decoded
      ids.set(formatPlace(record), envelope.id)
      noteTask(envelope, record.partition)
      const what = whatIsReached(envelope)
      if (what) reach(what)
    },
  }
}

function whatIsReached({ type, payload }: Envelope): Reached | null {
  switch (type) {
    case 'request':
      return payload.parent_task_id === null ? null : 'child task'
    case 'task_status':
      if (payload.status === 'released') return 'task given back'
      return payload.status === 'claimed' && payload.attempt > 1 ? 'task taken over' : null
    case 'response':
      if (payload.run_id === null && payload.status === 'completed') return 'answered by hand'
      return payload.status === 'cancelled' || payload.status === 'expired' ? payload.status : null
    case 'trace':
      if (payload.phase === 'chunk') return 'output in chunks'
      return payload.phase === 'started' ? 'run went on' : null
    case 'memory':
      return 'item remembered'
    default:
      return null
  }
}
