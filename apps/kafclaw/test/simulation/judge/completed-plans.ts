import { decode, parseTopicName } from '@kafclaw/envelope'
import { isHome } from '@kafclaw/tasks'
import { type Plan, parsePlan } from '../plan.ts'
import { PARTITIONS } from '../stage.ts'
import type { Evidence } from './judge.ts'

/** The plans of tasks that a run has completed; whoever answers by hand may do as he likes. */
export function completedPlans(records: Evidence['records']): Array<{ taskId: string; plan: Plan }> {
  const plans = new Map<string, Plan>()
  /** The first response in the home partition. */
  const outcomes = new Map<string, string>()
  for (const record of records) {
    const kind = parseTopicName(record.topic)?.kind
    if (kind !== 'requests' && kind !== 'responses') continue
    const decoded = decode(record)
    if (decoded.kind !== 'envelope') continue
    const { envelope } = decoded
    if (envelope.type === 'request') {
      const plan = parsePlan(envelope.payload.content)
      if (plan) plans.set(envelope.correlation_id, plan)
    }
    if (envelope.type !== 'response' || envelope.correlation_id === null) continue
    const { correlation_id: taskId, payload } = envelope
    if (!isHome(taskId, record.partition, PARTITIONS) || outcomes.has(taskId)) continue
    outcomes.set(taskId, payload.run_id === null ? 'by hand' : payload.status)
  }
  return [...plans].flatMap(([taskId, plan]) => (outcomes.get(taskId) === 'completed' ? [{ taskId, plan }] : []))
}
