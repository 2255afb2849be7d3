import { applyTopics } from '@kafclaw/runtime'
import { createClientProgram } from './client.ts'
import { drawPrograms } from './crew.ts'
import { createDirector } from './director.ts'
import { drawErrands } from './errands.ts'
import type { Faults } from './faults.ts'
import { judge } from './judge/judge.ts'
import { whyNotQuiet } from './judge/quiet.ts'
import { createMachine } from './machine.ts'
import { startPerson } from './person.ts'
import { LEASE_MS, PARTITIONS, SCOPE } from './stage.ts'
import { type Breach, createWorld, type Reached, type World, type WorldOptions } from './world.ts'

/** Long enough for three holders in a row to be found absent. */
const MOST_HEALED_MS = 120_000
const LOOK_EACH_MS = 400

export interface Verdict {
  readonly seed: number
  readonly faults: Faults
  readonly breaches: ReadonlyMap<Breach, string>
  readonly reached: ReadonlyMap<Reached, number>
  readonly trace: readonly string[]
  /** How often each machine has called its disk or the log. */
  readonly calls: ReadonlyMap<string, number>
  /** Every record, in the order of topics, partitions and offsets, as text. */
  readonly log: string
}

/** One run of a whole group from its beginning to the verdict. */
export async function simulate(options: WorldOptions): Promise<Verdict> {
  using world = createWorld(options)
  const { random, simulation, brokerProcess } = world
  const errands = world.script?.errands ?? drawErrands(random.fork('errands'), world.faults)
  const programs = [...drawPrograms(world), createClientProgram(world, { errands, random: random.fork('client') })]
  using stack = new DisposableStack()
  const machines = programs.map((program) => {
    const machine = createMachine(world, program)
    stack.use(machine.files)
    return machine
  })
  const director = createDirector(world, { random: random.fork('director'), machines })
  let isOver = false

  function begin(): void {
    for (const [index, machine] of machines.entries()) if (!programs[index]?.isLate) machine.start()
    director.begin()
    startPerson(world, {
      process: simulation.process('person'),
      random: random.fork('person'),
      target: world.target,
    }).catch((error: unknown) => world.breach('a bug was reported', `person: ${error}`))
    const { env } = brokerProcess
    env.setTimer(director.untilMs, () => {
      director.heal()
      lookUntilQuiet(simulation.elapsedMs() + MOST_HEALED_MS)
    })
  }

  function lookUntilQuiet(deadlineMs: number): void {
    const why = whyNotQuiet(world, machines)
    isOver = why === null || simulation.elapsedMs() > deadlineMs
    if (why !== null && isOver) world.breach('no rest', why)
    if (!isOver) brokerProcess.env.setTimer(LOOK_EACH_MS, () => lookUntilQuiet(deadlineMs))
  }

  setUp(world).then(begin, (error: unknown) => world.breach('a bug was reported', `set-up: ${error}`))
  await simulation.run(() => isOver)
  judge(world, machines)
  const { seed, faults, breaches, reached, trace } = world
  const calls = new Map(machines.map((machine) => [machine.name, machine.calls()]))
  return { seed, faults, breaches, reached, trace, calls, log: logText(world) }
}

async function setUp({ simulation, broker }: World): Promise<void> {
  const { env } = simulation.process('set-up')
  const log = broker.connect({ env, mayCall: () => true, travelMs: () => 0, fetchMs: () => 0, fate: () => 'taken' })
  await applyTopics({ log, env, scope: SCOPE, senderId: 'set-up', leaseMs: LEASE_MS, partitions: PARTITIONS })
}

function logText({ broker }: World): string {
  return broker
    .ranges()
    .flatMap((range) => broker.records(range))
    .map(({ topic, partition, offset, timestampMs, key, value, headers }) =>
      [topic, partition, offset, timestampMs, key, value, ...headers.map((header) => header.join('='))].join(' '),
    )
    .join('\n')
}
