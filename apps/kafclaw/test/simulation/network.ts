import type { Random } from '@kafclaw/env/testing'
import type { SendFate } from '@kafclaw/kafka/testing'
import type { World } from './world.ts'

/** The way of one machine to the broker, with what goes wrong on it now. */
export interface Network {
  travelMs(): number
  fetchMs(leader: number): number
  fate(lane: string): SendFate
  /** Nothing gets through until then, in neither direction. */
  cutUntil(ms: number): void
  /** Batches meet a fate other than `taken` with this probability. */
  setLoss(probability: number): void
  /** Records of one leader come late. */
  slowDown(leader: number, byMs: number): void
  /** Everything is as it should be. */
  heal(): void
}

const FATES: readonly SendFate[] = ['lost', 'unanswered', 'unanswered', 'twice', 'late']

export function createNetwork(options: { world: World; random: Random }): Network {
  const { world, random } = options
  const { elapsedMs } = world.simulation
  let cutMs = 0
  let loss = 0
  const slow = new Map<number, number>()

  /** Most of the time things take next to no time, now and then much. */
  function delayMs(): number {
    return random.flip(0.05) ? random.between(20, 200) : random.between(0.2, 4)
  }

  function drawFate(): SendFate {
    // What is sent into a cut line may still arrive when it is mended, after its sender has given it up.
    if (cutMs > elapsedMs()) return random.flip(0.5) ? 'lost' : 'unanswered'
    return random.flip(loss) ? (random.oneOf(FATES) ?? 'taken') : 'taken'
  }

  return {
    travelMs: () => Math.max(0, cutMs - elapsedMs()) + delayMs(),
    fetchMs: (leader) => Math.max(0, cutMs - elapsedMs()) + delayMs() + random.between(0, slow.get(leader) ?? 0),
    fate() {
      const fate = drawFate()
      if (fate !== 'taken') world.reach(`batch ${fate}`)
      return fate
    },
    cutUntil(ms) {
      cutMs = ms
    },
    setLoss(probability) {
      loss = probability
    },
    slowDown(leader, byMs) {
      slow.set(leader, byMs)
    },
    heal() {
      cutMs = 0
      loss = 0
      slow.clear()
    },
  }
}
