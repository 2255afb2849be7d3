import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../case/chaos-case.ts'
import type { Scene, Target } from '../scene.ts'
import { untilOutboxEmpty } from './outbox.ts'

/** Kills all of them at once, takes their files away and starts them anew. */
export async function wipeDisks(
  { events }: Scene,
  { againAfterMs }: Extract<Fault, { do: 'wipe_disk' }>,
  targets: readonly Target[],
): Promise<void> {
  const names = targets.map(({ name }) => name)
  const over = events.begin(names)
  events.note('down', names)
  await Promise.all(targets.map((target) => target.kill()))
  await Promise.all(targets.map(({ member }) => member && rm(member.files.folder, { recursive: true, force: true })))
  events.count('disks_lost', targets.length)
  await delay(againAfterMs)
  events.note('up', names)
  await Promise.all(targets.map((target) => target.start()))
  over()
}

/** Lets nothing more be written on the disks of the targets for that time. A broker dies of it, and is started again. */
export async function fillDisks(
  scene: Scene,
  { forMs }: Extract<Fault, { do: 'fill_disk' }>,
  targets: readonly Target[],
): Promise<void> {
  const { events } = scene
  const names = targets.map(({ name }) => name)
  const over = events.begin(names)
  for (const target of targets) setFull(scene, target, true)
  await delay(forMs)
  for (const target of targets) setFull(scene, target, false)
  const brokers = targets.filter(({ member }) => member === null)
  for (const broker of brokers) {
    events.count('brokers_dead', broker.isRunning() ? 0 : 1)
    await broker.start()
  }
  over()
  await untilOutboxEmpty(scene)
}

function setFull({ stage }: Scene, { name, member }: Target, isFull: boolean): void {
  if (member?.group.disk?.kind === 'pages') {
    member.process.send({ full: isFull })
    return
  }
  const disk = member ? member.disk : (stage.nodes.find((_, n) => name === `broker-${n + 1}`)?.disk ?? null)
  if (!disk) throw new Error(`a full disk needs a small one: ${name} has none`)
  if (isFull) disk.fill()
  else disk.free()
}
