import { decode, topicName } from '@kafclaw/envelope'
import { SCOPE } from '../stage.ts'
import type { World } from '../world.ts'
import { completedPlans } from './completed-plans.ts'
import type { Evidence } from './judge.ts'

/** What a completed task was to remember is what its items say now. */
export function judgeFacts(world: World, { records }: Evidence): void {
  const contents = new Map<string, string>()
  for (const record of records) {
    if (record.topic !== topicName(SCOPE, 'memory_shared')) continue
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'memory') continue
    const { item_id, content } = decoded.envelope.payload
    contents.set(item_id, content ?? '')
  }
  const known = new Set(contents.values())
  for (const { taskId, plan } of completedPlans(records)) {
    for (const { tool, args } of plan.turns.flat()) {
      if (tool === 'memory.remember' && !known.has(String(args.content)))
        world.breach('a fact was lost', `${taskId} is completed, and nothing says "${args.content}"`)
    }
  }
}
