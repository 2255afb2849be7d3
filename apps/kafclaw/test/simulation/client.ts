import { sleep } from '@kafclaw/env'
import type { Random } from '@kafclaw/env/testing'
import { AppError, formatPlace, formatTimestamp, topicName } from '@kafclaw/envelope'
import { type Asked, connectGroup, type GroupClient, type Host, type MemberEnd } from '@kafclaw/runtime'
import type { Errand } from './errands.ts'
import type { Program } from './machine.ts'
import { isCrash } from './simulated-disk.ts'
import { PARTITIONS } from './stage.ts'
import type { World } from './world.ts'

/** Asks for everything on its list until it has been acknowledged, and waits for the outcomes. What it has done is lost when it dies. */
export function createClientProgram(world: World, options: { errands: readonly Errand[]; random: Random }): Program {
  return {
    name: 'client',
    id: 'client',
    start(host) {
      const ended = Promise.withResolvers<MemberEnd>()
      work(world, host, options).catch((error: unknown) => {
        if (!isCrash(error)) ended.resolve({ reason: 'failed', error: AppError.fromUnknown(error, 'KC_RUNTIME_BUG') })
      })
      return { ended: ended.promise, stop: async () => ended.resolve({ reason: 'stopped' }) }
    },
  }
}

async function work(
  world: World,
  host: Host,
  { errands, random }: { errands: readonly Errand[]; random: Random },
): Promise<void> {
  const { log, env } = host
  const { group, zone } = host.settings
  const client = await connectGroup({ log, env, group, zone, senderId: 'client' })
  const places = new Map<string, string>()
  const run = async (errand: Errand): Promise<void> => {
    await untilMs(errand.atMs)
    await ask(errand)
    if (errand.againAfterMs !== null) later(errand.againAfterMs, () => ask(errand))
    if (errand.byHandAfterMs !== null) later(errand.byHandAfterMs, () => answerByHand(errand.taskId))
    if (errand.cancelAfterMs !== null) later(errand.cancelAfterMs, () => cancel(client, errand.taskId))
  }

  function untilMs(atMs: number): Promise<void> {
    return sleep(env, Math.max(0, atMs - env.monotonicMs()))
  }

  function later(afterMs: number, act: () => Promise<unknown>): void {
    env.setTimer(afterMs, () => void act().catch(() => undefined))
  }

  /** An answer that does not come leaves it open whether the record was written: it is sent again. */
  async function untilTaken<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (isCrash(error)) throw error
        await sleep(env, 100)
      }
    }
  }

  async function ask({ taskId, content, recipientId, session, lifeMs }: Errand): Promise<void> {
    const life = lifeMs === null ? {} : { expiresAt: formatTimestamp(env.now() + lifeMs) }
    const payload = { content, ...(session === null ? {} : { input: { session } }) }
    const asked = await untilTaken(() => client.ask({ taskId, recipientId, payload, ...life }))
    world.acknowledged.add(taskId)
    places.set(taskId, formatPlace(asked.place))
    listen(asked)
  }

  /** As a script would: by the name of the task, or by the place of its request, and without a key. */
  async function answerByHand(taskId: string): Promise<void> {
    const about = random.flip(0.5) ? { correlation_id: taskId } : {}
    const payload = { content: 'done by hand', ...(about.correlation_id ? {} : { in_reply_to: places.get(taskId) }) }
    const value = Buffer.from(JSON.stringify({ type: 'response', ...about, payload }))
    const partition = random.below(PARTITIONS)
    const publisher = log.publisher({ lane: 'by hand' })
    await publisher.publish([
      { topic: topicName({ group, zone }, 'responses'), partition, key: null, value, headers: [] },
    ])
  }

  function listen({ taskId, outcome }: Asked): void {
    outcome.then(
      (envelope) => world.tell(taskId, envelope.id),
      () => undefined,
    )
  }

  async function spoil(): Promise<void> {
    await sleep(env, random.between(0, 4000))
    const publisher = log.publisher({ lane: 'poison' })
    const topic = topicName({ group, zone }, random.flip(0.5) ? 'requests' : 'tasks_status')
    const value = Buffer.from(random.flip(0.5) ? '{"type":"request"' : '{"type":"request","payload":{"content":7}}')
    const [place] = await publisher.publish([{ topic, partition: 0, key: Buffer.from('poison'), value, headers: [] }])
    if (place) world.say(() => `poison lies at ${formatPlace(place)}`)
  }

  if (world.faults.poison) void spoil().catch(() => undefined)
  await Promise.all(errands.map(run))
}

async function cancel(client: GroupClient, taskId: string): Promise<void> {
  await client.publish({
    type: 'response',
    correlation_id: taskId,
    payload: {
      status: 'cancelled',
      error: { code: 'KC_TASK_CANCELLED', message: 'It was cancelled.', retryable: false },
    },
  })
}
