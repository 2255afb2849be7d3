import { setTimeout as delay } from 'node:timers/promises'
import { badRecord } from './bad-records.ts'
import type { Scene } from './scene.ts'

const TICK_MS = 100

/** Publishes at the pace of the questions what is to come with them: bad records and memory items. */
export async function publishAlong({ stage, load, events, case: { load: plan } }: Scene): Promise<void> {
  const bad = plan.goodForABad === 0 ? 0 : Math.round(plan.tasks / plan.goodForABad)
  if (bad > 0) events.count('bad', bad)
  const publisher = stage.log.publisher({ lane: 'bad', retries: Number.POSITIVE_INFINITY })
  const done = { bad: 0, memories: 0 }
  while (done.bad < bad || done.memories < plan.memories) {
    const share = Math.min(1, load.asked() / plan.tasks)
    const due = { bad: Math.floor(bad * share), memories: Math.floor(plan.memories * share) }
    if (due.bad > done.bad)
      await publisher.publish(Array.from({ length: due.bad - done.bad }, (_, n) => badRecord(stage, done.bad + n)))
    for (let n = done.memories; n < due.memories; n++) await shareItem({ stage }, n)
    Object.assign(done, due)
    await delay(TICK_MS)
  }
  await publisher.close()
}

async function shareItem({ stage }: Pick<Scene, 'stage'>, n: number): Promise<void> {
  await stage.client.publish({
    type: 'memory',
    correlation_id: null,
    payload: { item_id: `item-${n}`, title: `Item ${n}`, content: `What is known of the matter number ${n}.` },
  })
}
