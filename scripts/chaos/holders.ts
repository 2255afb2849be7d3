import { decode, topicName } from '@kafclaw/envelope'
import type { Stage } from './stage.ts'

/** Who works on what while a case is under way, as the topics say it. */
export interface Holders extends AsyncDisposable {
  /** Whether the agent has claimed a task that has no answer yet. */
  holds(agentId: string): boolean
}

/** Follows status and answers from now on. */
export function watchHolders({ log, scope }: Pick<Stage, 'log' | 'scope'>): Holders {
  /** Task -> who claimed it last. */
  const holders = new Map<string, string>()
  const reader = log.read({
    topics: [topicName(scope, 'tasks_status'), topicName(scope, 'responses')],
    position: () => 'end',
    onBatch(batches) {
      for (const record of batches.flatMap(({ records }) => records)) {
        const decoded = decode(record)
        if (decoded.kind !== 'envelope') continue
        const { type, correlation_id: taskId, payload } = decoded.envelope
        if (taskId === null) continue
        if (type === 'response') holders.delete(taskId)
        else if (type === 'task_status' && payload.status === 'claimed') holders.set(taskId, payload.agent_id)
      }
    },
  })
  reader.ended.catch(() => undefined)
  return {
    holds: (agentId) => [...holders.values()].includes(agentId),
    [Symbol.asyncDispose]: () => reader.close(),
  }
}
