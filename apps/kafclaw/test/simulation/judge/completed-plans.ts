import { isHome } from '@kafclaw/tasks'
import { type Plan, parsePlan } from '../plan.ts'
import { PARTITIONS } from '../stage.ts'
import type { Evidence } from './evidence.ts'

/** The plans of tasks that a run has completed; whoever answers by hand may do as he likes. */
export function completedPlans({ envelopes }: Evidence): Array<{ taskId: string; plan: Plan }> {
  const plans = new Map<string, Plan>()
  for (const { envelope } of envelopes('request')) {
    const plan = parsePlan(envelope.payload.content)
    if (plan) plans.set(envelope.correlation_id, plan)
  }
  /** The first response in the home partition. */
  const outcomes = new Map<string, string>()
  for (const { record, envelope } of envelopes('response')) {
    const { correlation_id: taskId, payload } = envelope
    if (taskId === null || !isHome(taskId, record.partition, PARTITIONS) || outcomes.has(taskId)) continue
    outcomes.set(taskId, payload.run_id === null ? 'by hand' : payload.status)
  }
  return [...plans].flatMap(([taskId, plan]) => (outcomes.get(taskId) === 'completed' ? [{ taskId, plan }] : []))
}
