import { setTimeout as delay } from 'node:timers/promises'
import type { CrewMember } from './crew.ts'

export interface Killing {
  everyMs: number
  restartAfterMs: number
  until: Promise<unknown>
}

/** kill -9 of a random member each `everyMs`, which is started again; returns how many. */
export async function killEach(crew: readonly CrewMember[], killing: Killing): Promise<number> {
  let kills = 0
  let isOver = false
  const over = killing.until.then(() => {
    isOver = true
  })
  const restarts: Array<Promise<void>> = []
  for (let dueMs = performance.now() + killing.everyMs; ; dueMs += killing.everyMs) {
    await Promise.race([over, delay(Math.max(0, dueMs - performance.now()))])
    if (isOver) break
    const running = crew.filter(({ process }) => process.isRunning())
    const victim = running[Math.floor(Math.random() * running.length)]
    if (!victim) continue
    await victim.process.kill()
    kills++
    restarts.push(delay(killing.restartAfterMs).then(() => victim.process.start()))
  }
  await Promise.all(restarts)
  return kills
}
