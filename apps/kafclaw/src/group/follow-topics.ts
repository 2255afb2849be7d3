import { type Env, orAborted, sleep } from '@kafclaw/env'
import type { RawRecord } from '@kafclaw/envelope'
import type { Log } from '@kafclaw/kafka'

export interface FollowOptions {
  env: Env
  /** Asked now and then, for topics that are made later. */
  topics(): Promise<string[]>
  position(topic: string, partition: number): number | 'start'
  onRecord(record: RawRecord): void
  /** Called when all that was there has been read, after records have come, and at least each second. */
  onChange(): void
  /** Something that a person should know: the brokers are away. */
  onTrouble(text: string): void
  interrupted: AbortSignal
}

/** Records come in bursts; whoever looks on sees no more of it than this. */
const SETTLE_MS = 100
/** Some things change by time alone: an age, an agent that falls silent. */
const TICK_MS = 1_000
const LOOK_FOR_TOPICS_EVERY_MS = 10_000

/** Reads on until it is interrupted. Error: what ended the reader. */
export async function followTopics(log: Log, options: FollowOptions): Promise<void> {
  const { env, interrupted } = options
  let changed = Promise.withResolvers<void>()
  let isAway = false
  const reader = log.read({
    topics: await options.topics(),
    position: options.position,
    onBatch(batches) {
      isAway = false
      for (const batch of batches) for (const record of batch.records) options.onRecord(record)
      if (batches.some(({ records }) => records.length > 0)) changed.resolve()
    },
    onEvent(event) {
      if (event.kind !== 'retrying' || isAway) return
      isAway = true
      options.onTrouble(`${event.error.message} Reading goes on when it is back.`)
    },
  })
  const over = new AbortController()
  const signal = AbortSignal.any([interrupted, over.signal])
  const died = reader.ended.then(() => undefined)
  died.catch(() => undefined)
  try {
    await orAborted(Promise.race([reader.caughtUp, died]), interrupted)
    for (let lookedMs = env.monotonicMs(); !interrupted.aborted; ) {
      options.onChange()
      await Promise.race([changed.promise, died, sleep(env, TICK_MS, signal)])
      await Promise.race([died, sleep(env, SETTLE_MS, signal)])
      changed = Promise.withResolvers<void>()
      if (env.monotonicMs() - lookedMs < LOOK_FOR_TOPICS_EVERY_MS) continue
      lookedMs = env.monotonicMs()
      // Not waited for: it may take as long as the brokers are away.
      options
        .topics()
        .then(
          (names) => reader.addTopics(names),
          () => undefined,
        )
        .catch(() => undefined)
    }
  } finally {
    over.abort()
    await reader.close()
  }
}
