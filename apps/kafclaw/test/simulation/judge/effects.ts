import { decode, parseTopicName } from '@kafclaw/envelope'
import { isHome } from '@kafclaw/tasks'
import { type Plan, parsePlan } from '../plan.ts'
import { PARTITIONS } from '../stage.ts'
import { BLIND, SETTLING } from '../tools.ts'
import type { World } from '../world.ts'
import type { Evidence } from './judge.ts'

const ONCE: ReadonlySet<unknown> = new Set([SETTLING, BLIND])

/** What must not be done twice was done at most once, and once where the task says that it is done. */
export function judgeEffects(world: World, { records }: Evidence): void {
  const receipts = new Map<string, string[]>()
  for (const { name, receipt } of world.target.effects) receipts.set(name, [...(receipts.get(name) ?? []), receipt])
  for (const [name, all] of receipts) {
    if (all.length > 1) world.breach('effect twice', `${name}: ${all.join(', ')}`)
  }
  const completed = completedTasks(records)
  for (const { taskId, plan } of plannedTasks(records)) {
    if (!completed.has(taskId)) continue
    for (const name of onceNames(plan)) {
      if (!receipts.has(name)) world.breach('answer without effect', `${taskId} is completed, ${name} is not done`)
    }
  }
}

function plannedTasks(records: Evidence['records']): Array<{ taskId: string; plan: Plan }> {
  const tasks = new Map<string, Plan>()
  for (const record of records) {
    if (parseTopicName(record.topic)?.kind !== 'requests') continue
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'request') continue
    const plan = parsePlan(decoded.envelope.payload.content)
    if (plan) tasks.set(decoded.envelope.correlation_id, plan)
  }
  return [...tasks].map(([taskId, plan]) => ({ taskId, plan }))
}

/** Ids of tasks that a run has completed: whoever answers by hand may do as he likes. */
function completedTasks(records: Evidence['records']): ReadonlySet<string> {
  const first = new Map<string, string>()
  for (const record of records) {
    if (parseTopicName(record.topic)?.kind !== 'responses') continue
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'response') continue
    const { correlation_id: taskId, payload } = decoded.envelope
    if (taskId === null || !isHome(taskId, record.partition, PARTITIONS) || first.has(taskId)) continue
    first.set(taskId, payload.run_id === null ? 'by hand' : payload.status)
  }
  return new Set([...first].flatMap(([taskId, status]) => (status === 'completed' ? [taskId] : [])))
}

function onceNames({ turns }: Plan): string[] {
  return turns.flat().flatMap(({ tool, args }) => (ONCE.has(tool) ? [String(args.name)] : []))
}
