import { expect, it } from 'vitest'
import { sleep } from '../sleep.ts'
import { createRandom } from './random.ts'
import { createSimulation, type SimulatedProcess } from './simulation.ts'

function start(seed: number) {
  const simulation = createSimulation({ random: createRandom(seed) })
  const said: string[] = []
  /** Says something at each turn of its own, some in the middle of others'. */
  async function talk({ name, env }: SimulatedProcess, times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      await new Promise<void>((resolve) => env.nextTurn(resolve))
      said.push(`${name}${time}`)
    }
  }
  return { simulation, said, talk }
}

it('runs the same callbacks in the same order for the same seed, and in another for another', async () => {
  const orders = []
  for (const seed of [7, 7, 8]) {
    const { simulation, said, talk } = start(seed)
    for (const name of ['a', 'b', 'c']) void talk(simulation.process(name), 20)
    expect(await simulation.run(() => false)).toBe('idle')
    orders.push(said.join(' '))
  }
  expect(orders[1]).toBe(orders[0])
  expect(orders[2]).not.toBe(orders[0])
})

it('keeps the order of the turns of one process', async () => {
  const { simulation, said, talk } = start(1)
  for (const name of ['a', 'b']) void talk(simulation.process(name), 10)
  await simulation.run(() => false)
  expect(said.filter((word) => word.startsWith('a'))).toEqual(Array.from({ length: 10 }, (_, time) => `a${time}`))
})

it('lets all promises go on before the next callback', async () => {
  const { simulation, said } = start(1)
  const { env } = simulation.process('a')
  env.nextTurn(async () => {
    for (let step = 0; step < 50; step++) await Promise.resolve()
    said.push('first')
  })
  env.nextTurn(() => said.push('second'))
  await simulation.run(() => false)
  expect(said).toEqual(['first', 'second'])
})

it('lets time pass only when nobody has anything to do', async () => {
  const { simulation, said } = start(1)
  const { env } = simulation.process('a')
  const startMs = env.now()
  void sleep(env, 3_600_000).then(() => said.push(`woke after ${env.now() - startMs} ms`))
  env.setTimer(5, () => said.push('timer')).cancel()
  await simulation.run(() => false)
  expect(said).toEqual(['woke after 3600000 ms'])
  expect(simulation.elapsedMs()).toBe(3_600_000)
})

it('runs nothing of a process that has ended, also of what was asked of it before', async () => {
  const { simulation, said, talk } = start(1)
  const [a, b] = [simulation.process('a'), simulation.process('b')]
  void talk(a, 3)
  void talk(b, 3)
  a.env.setTimer(10, () => said.push('a after its end'))
  a.end()
  a.env.nextTurn(() => said.push('a after its end'))
  await simulation.run(() => false)
  expect(said).toEqual(['b0', 'b1', 'b2'])
})

it('makes a process stand still while its clock goes on', async () => {
  const { simulation, said } = start(1)
  const [a, b] = [simulation.process('a'), simulation.process('b')]
  a.env.setTimer(10, () => said.push(`a at ${a.env.monotonicMs()}`))
  a.pause()
  b.env.setTimer(500, () => a.resume())
  await simulation.run(() => false)
  expect(said).toEqual(['a at 500'])
})

it('moves the wall clock of one process alone, and no monotonic one', () => {
  const { simulation } = start(1)
  const [a, b] = [simulation.process('a'), simulation.process('b')]
  a.moveClock(-3_600_000)
  expect(b.env.now() - a.env.now()).toBe(3_600_000)
  expect(a.env.monotonicMs()).toBe(b.env.monotonicMs())
})

it('draws for a fork what its name and the seed say, whatever else is drawn', () => {
  const [first, second] = [createRandom(3), createRandom(3)]
  first.bytes(100)
  expect(first.fork('x').next()).toBe(second.fork('x').next())
  expect(first.fork('x').next()).not.toBe(first.fork('y').next())
  expect(createRandom(4).fork('x').next()).not.toBe(first.fork('x').next())
})
