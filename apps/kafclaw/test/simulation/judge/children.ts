import { parsePlan } from '../plan.ts'
import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

/** Whatever a run asked of another agent it asked under one task id, however often it began again. */
export function judgeChildren(world: World, { envelopes }: Evidence): void {
  const ids = new Map<string, string>()
  for (const { envelope } of envelopes('request')) {
    const { correlation_id: taskId, payload } = envelope
    const name = parsePlan(payload.content)?.name
    // Recalls have no plan; every plan is made once.
    if (name === undefined) continue
    const known = ids.get(name) ?? taskId
    if (known !== taskId) world.breach('asked twice', `${name} as ${known} and as ${taskId}`)
    ids.set(name, known)
  }
}
