import { decode, parseTopicName } from '@kafclaw/envelope'
import { parsePlan } from '../plan.ts'
import type { World } from '../world.ts'
import type { Evidence } from './judge.ts'

/** Whatever a run asked of another agent it asked under one task id, however often it began again. */
export function judgeChildren(world: World, { records }: Evidence): void {
  const ids = new Map<string, string>()
  for (const record of records) {
    if (parseTopicName(record.topic)?.kind !== 'requests') continue
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'request') continue
    const { correlation_id: taskId, payload } = decoded.envelope
    const name = parsePlan(payload.content)?.name
    // Recalls have no plan; every plan is made once.
    if (name === undefined) continue
    const known = ids.get(name) ?? taskId
    if (known !== taskId) world.breach('asked twice', `${name} as ${known} and as ${taskId}`)
    ids.set(name, known)
  }
}
