import { setTimeout as delay } from 'node:timers/promises'
import { topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import type { Scene } from '../scene.ts'

const WITHIN_MS = 30_000
const LOOK_AGAIN_MS = 200

/** Where a case has bad records: the dead letters, once there are as many as there should be and no more come. */
export async function deadLetterFigures({ stage, events }: Scene): Promise<Record<string, number>> {
  const { bad } = events.figures
  if (bad === undefined) return {}
  const topic = topicName(stage.scope, 'dlq')
  const read = async (): Promise<string[]> =>
    (await readAll(stage.log, [topic])).map(({ key }) => key?.toString() ?? '')
  const deadlineMs = performance.now() + WITHIN_MS
  while (new Set(await read()).size < bad && performance.now() < deadlineMs) await delay(LOOK_AGAIN_MS)
  // Whoever would write one again does so within a lease.
  await delay(stage.leaseMs)
  const letters = await read()
  const sources = new Set(letters).size
  return { sources, bad_without_letter: bad - sources, letters_twice_percent: ((letters.length - sources) * 100) / bad }
}
