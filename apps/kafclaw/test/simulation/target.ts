import { type Env, sleep } from '@kafclaw/env'
import type { Random } from '@kafclaw/env/testing'
import { AppError } from '@kafclaw/envelope'
import type { World } from './world.ts'

/** Something that was done to the world. */
interface Effect {
  /** What was to be done; each plan names it once. */
  readonly name: string
  readonly key: string
  readonly receipt: string
}

/** The system outside on which tools act. It does whatever it is told as often as it is told, and keeps a ledger. */
export interface Target {
  readonly effects: readonly Effect[]
  /** The way of one worker to it. What has left the worker arrives, whatever becomes of the worker. */
  connect(env: Env): TargetClient
  /** Whether a call with that key has done anything so far. */
  find(key: string): Effect | undefined
}

export interface TargetClient {
  /** Resolves with the receipt; the answer may be lost, or be an error whether or not it was done. */
  call(name: string, key: string): Promise<string>
  /** Tells what became of a key, and refuses it from now on where nothing has. */
  settle(key: string): Promise<Effect | null>
}

/** No call has an effect later than this after it has left. */
export const LONGEST_CALL_MS = 1500

export function createTarget(world: World, random: Random): Target {
  const { env } = world.simulation.process('target')
  const effects: Effect[] = []
  const refused = new Set<string>()
  const find = (key: string): Effect | undefined => effects.find((effect) => effect.key === key)

  function arrive(name: string, key: string): Effect {
    if (refused.has(key)) {
      world.reach('call refused')
      throw new AppError('KC_TOOL_FAILED', `The key ${key} is refused.`)
    }
    const effect = { name, key, receipt: `receipt-${effects.length}` }
    effects.push(effect)
    world.say(() => `effect ${name} with key ${key}: ${effect.receipt}`)
    return effect
  }

  function connect(worker: Env): TargetClient {
    /** At the target after a while, then back. */
    function ask<T>(travelMs: number, work: () => T): Promise<T> {
      return new Promise((resolve, reject) => {
        env.setTimer(travelMs, () => {
          const isLost = random.flip(0.1)
          const isError = random.flip(0.1)
          try {
            const value = work()
            if (isLost) world.reach('answer of a call lost')
            else if (isError)
              worker.setTimer(2, () => reject(new AppError('KC_TOOL_FAILED', 'The connection was reset.')))
            else worker.setTimer(random.between(1, 20), () => resolve(value))
          } catch (error) {
            worker.setTimer(2, () => reject(error))
          }
        })
      })
    }
    return {
      async call(name, key) {
        const travelMs = random.flip(0.15) ? random.between(100, LONGEST_CALL_MS - 1) : random.between(1, 30)
        return (await ask(travelMs, () => arrive(name, key))).receipt
      },
      async settle(key) {
        for (;;) {
          // A question that may be asked again: a lost answer is no reason to wait for ever.
          const answer = ask(random.between(1, 30), () => {
            const effect = find(key)
            if (!effect) refused.add(key)
            return effect ?? null
          }).catch(() => undefined)
          const found = await Promise.race([answer, sleep(worker, 300).then(() => undefined)])
          if (found !== undefined) return found
        }
      },
    }
  }

  return { effects, connect, find }
}
