import { setTimeout as delay } from 'node:timers/promises'
import type { Scene, Target } from '../scene.ts'

const REPLACED_WITHIN_MS = 30_000

/** Starts a second process under the id of each target, in a folder of its own; notes the exit code of the older one, -1 when it went on. */
export async function replaceByTwin({ events }: Scene, targets: readonly Target[]): Promise<void> {
  for (const { member } of targets) {
    if (!member) continue
    const twin = await member.twin()
    twin.start()
    const code = await Promise.race([member.process.ended(), delay(REPLACED_WITHIN_MS, -1)])
    events.count('older_exit', code ?? -1)
    events.count('replaced', 1)
    await twin.stop()
  }
}
