import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../case/chaos-case.ts'
import type { Scene, Target } from '../scene.ts'
import { decide } from './decide.ts'
import { fillDisks, wipeDisks } from './disks.ts'
import { freeze, freezeInCall } from './freeze.ts'
import { spoilLines } from './lines.ts'
import { untilOutboxEmpty } from './outbox.ts'
import { replaceByTwin } from './twin.ts'

/** Does what the fault says to its targets; resolves when it is over and they are back. */
export async function inflict(scene: Scene, fault: Fault, targets: readonly Target[]): Promise<void> {
  switch (fault.do) {
    case 'kill':
    case 'terminate':
      return end(scene, fault, targets)
    case 'freeze':
      return freeze(scene, fault, targets)
    case 'freeze_in_call':
      return freezeInCall(scene, fault, targets)
    case 'line':
      return spoilLines(scene, fault, targets)
    case 'wipe_disk':
      return wipeDisks(scene, fault, targets)
    case 'fill_disk':
      return fillDisks(scene, fault, targets)
    case 'twin':
      return replaceByTwin(scene, targets)
    case 'ask_again':
      scene.events.count('asked_again', await scene.load.askAgain())
      return
    case 'decide':
      return decide(scene)
  }
}

/** By kill -9, or by SIGTERM with a look at how it ends. */
async function end(
  scene: Scene,
  fault: Extract<Fault, { do: 'kill' | 'terminate' }>,
  targets: readonly Target[],
): Promise<void> {
  const { events } = scene
  if (targets.length === 0) return
  const names = targets.map(({ name }) => name)
  const over = events.begin(names)
  events.note('down', names)
  await Promise.all(targets.map((target) => (fault.do === 'kill' ? target.kill() : terminate(scene, target))))
  events.count(fault.do === 'kill' ? 'kills' : 'exits', targets.length)
  if (fault.againAfterMs !== null) {
    await delay(fault.againAfterMs)
    events.note('up', names)
    await Promise.all(targets.map((target) => target.start()))
  }
  over()
  if (fault.againAfterMs !== null && targets.some(({ member }) => member === null)) await untilOutboxEmpty(scene)
}

async function terminate({ events }: Scene, target: Target): Promise<void> {
  const startMs = performance.now()
  const code = await target.terminate()
  events.most('longest_exit_ms', Math.round(performance.now() - startMs))
  events.count('bad_exits', code === 0 ? 0 : 1)
}
