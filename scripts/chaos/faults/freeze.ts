import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../case/chaos-case.ts'
import type { Scene, Target } from '../scene.ts'

export async function freeze(
  { events }: Scene,
  { forMs }: Extract<Fault, { do: 'freeze' }>,
  targets: readonly Target[],
): Promise<void> {
  const names = targets.map(({ name }) => name)
  const over = events.begin(names)
  events.note('away', names)
  await Promise.all(targets.map((target) => target.freeze()))
  await delay(forMs)
  events.note('back', names)
  await Promise.all(targets.map((target) => target.thaw()))
  over()
}

const STOPS_WITHIN_MS = 30_000

/** Waits until each target has stopped itself in the middle of its calls, and lets it go on later. */
export async function freezeInCall(
  { events }: Scene,
  { forMs }: Extract<Fault, { do: 'freeze_in_call' }>,
  targets: readonly Target[],
): Promise<void> {
  await Promise.all(
    targets.map(async (target) => {
      const calls = await untilStopped(target)
      if (calls === 0) return
      events.count('in_call', calls)
      const over = events.begin([target.name])
      events.note('away', [target.name])
      await delay(forMs)
      events.note('back', [target.name])
      await target.thaw()
      over()
    }),
  )
}

/** How many calls it holds; 0 when it does not stop. */
async function untilStopped({ member }: Target): Promise<number> {
  if (member === null) return 0
  const stopped = new Promise<number>((resolve) => {
    member.process.onMessage((message) => {
      if (typeof message === 'object' && message !== null && 'stopsItself' in message)
        resolve(Number(message.stopsItself))
    })
  })
  return Promise.race([stopped, delay(STOPS_WITHIN_MS, 0)])
}
