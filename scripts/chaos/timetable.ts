import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './case/chaos-case.ts'
import { inflict } from './faults/inflict.ts'
import { type Holders, watchHolders } from './holders.ts'
import { type Scene, type Target, targetsOf } from './scene.ts'

/** Does everything to everybody at its time; resolves when the last fault is over. */
export async function runFaults(scene: Scene): Promise<void> {
  await using holders = watchHolders(scene.stage)
  await Promise.all(scene.case.faults.map((fault) => runFault(scene, fault, holders)))
}

async function runFault(scene: Scene, fault: Fault, holders: Holders): Promise<void> {
  const pickTargets = createPick(fault, holders)
  const once = async (): Promise<void> => inflict(scene, fault, await pickTargets(targetsOf(scene, fault.to)))
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

/** How long one waits for a target that has something to lose. */
const LONGEST_WAIT_MS = 300
const LOOK_AGAIN_MS = 2

function createPick({ pick }: Fault, holders: Holders): (targets: readonly Target[]) => Promise<Target[]> {
  let turn = 0
  return async (targets) => {
    if (pick === 'all') return [...targets]
    if (pick === 'random') return pickRandom(targets, holders)
    const picked = targets[turn++ % Math.max(1, targets.length)]
    return picked?.isRunning() ? [picked] : []
  }
}

/** One of those that run; of workers one in the middle of a task, because otherwise the fault hits nothing. */
async function pickRandom(targets: readonly Target[], holders: Holders): Promise<Target[]> {
  const isHit = ({ member }: Target): boolean => member !== null && holders.holds(member.id)
  const startMs = performance.now()
  for (;;) {
    const running = targets.filter((target) => target.isRunning())
    const hit = running.filter(isHit)
    const isTimeUp = performance.now() - startMs > LONGEST_WAIT_MS
    if (hit.length === 0 && !isTimeUp && running.some(isWorker)) {
      await delay(LOOK_AGAIN_MS)
      continue
    }
    const from = hit.length > 0 ? hit : running
    const picked = from[Math.floor(Math.random() * from.length)]
    return picked ? [picked] : []
  }
}

function isWorker({ member }: Target): boolean {
  return member?.group.role === 'worker' || member?.group.role === 'agent-worker'
}
