import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './case/chaos-case.ts'
import { inflict } from './faults/inflict.ts'
import { type Scene, type Target, targetsOf } from './scene.ts'

/** Does everything to everybody at its time; resolves when the last fault is over. */
export async function runFaults(scene: Scene): Promise<void> {
  await Promise.all(scene.case.faults.map((fault) => runFault(scene, fault)))
}

async function runFault(scene: Scene, fault: Fault): Promise<void> {
  const pickTargets = createPick(fault)
  const once = async (): Promise<void> => inflict(scene, fault, pickTargets(targetsOf(scene, fault.to)))
  const { when } = fault
  if (when === 'answered') {
    await scene.load.answered
    await scene.joined
    return once()
  }
  if ('atMs' in when) {
    await delayUntil(scene, when.atMs)
    return once()
  }
  const under: Array<Promise<void>> = []
  let isSent = false
  const sent = scene.load.sent.then(() => {
    isSent = true
  })
  for (let dueMs = when.fromMs; ; dueMs += when.eachMs) {
    await Promise.race([sent, delayUntil(scene, dueMs)])
    if (isSent) break
    under.push(once())
  }
  await Promise.all(under)
}

async function delayUntil({ load }: Scene, atMs: number): Promise<void> {
  await delay(Math.max(0, load.startMs + atMs - Date.now()))
}

function createPick({ pick }: Fault): (targets: readonly Target[]) => Target[] {
  let turn = 0
  return (targets) => {
    if (pick === 'all') return [...targets]
    const running = targets.filter((target) => target.isRunning())
    const at = pick === 'random' ? Math.floor(Math.random() * running.length) : turn++ % Math.max(1, targets.length)
    const picked = (pick === 'random' ? running : targets)[at]
    return picked?.isRunning() ? [picked] : []
  }
}
