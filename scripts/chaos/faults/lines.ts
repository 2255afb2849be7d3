import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../case/chaos-case.ts'
import type { Scene, Target } from '../scene.ts'
import { untilOutboxEmpty } from './outbox.ts'

/** Does it to the line of each target for that time; without a time until the end of the case. */
export async function spoilLines(
  scene: Scene,
  { traffic, forMs }: Extract<Fault, { do: 'line' }>,
  targets: readonly Target[],
): Promise<void> {
  const lines = targets.flatMap(({ member }) => (member?.link ? [member.link] : []))
  if (lines.length === 0) throw new Error('a fault of lines needs members with "line": true')
  const names = targets.map(({ name }) => name)
  const { events } = scene
  const over = events.begin(names)
  if (traffic.kind === 'reset') {
    for (const line of lines) line.reset()
    events.count('resets')
    return over()
  }
  if (traffic.kind !== 'slow') events.note('away', names)
  for (const line of lines) line.set(traffic)
  if (forMs === 0) return
  await delay(forMs)
  for (const line of lines) line.set({ kind: 'none' })
  if (traffic.kind !== 'slow') events.note('back', names)
  over()
  await untilOutboxEmpty(scene)
}
