import type { RecordPlace } from '@kafclaw/envelope'
import { assignRecord, beatRecord, claimRecord, requestRecord, responseRecord } from './records.ts'
import { strikes, type World } from './world.ts'

/** Whoever asks, cancels, or answers and claims from outside. */
export interface Outside {
  readonly expiresMs: number
  readonly recipientId: string | null
  /** Places of the requests that lie on the log. */
  readonly asked: RecordPlace[]
}

const LONG_MS = 3_600_000

export function createOutside(world: World): Outside {
  const { faults, random } = world
  const outside: Outside = {
    expiresMs: faults.shortLife ? random.below(5 * world.leaseMs) : LONG_MS,
    recipientId: faults.recipient ? 'agent-0' : null,
    asked: [],
  }
  ask(world, outside, { ...outside, content: 'x' })
  if (faults.history) liveBefore(world, outside)
  return outside
}

function liveBefore(world: World, outside: Outside): void {
  const { random, broker, nowMs } = world
  const agents = ['agent-0', 'agent-1', 'agent-2'] as const
  for (const agentId of agents) {
    const fields = { agentId, bootId: `${agentId}.before`, boot: 2 + random.below(4), free: 1, leaving: false }
    broker.append({ lane: 'announce', envelope: beatRecord(world.newId('beat'), fields) }, nowMs)
  }
  if (random.flip(0.5)) claim(world, outside, { ahead: 1, agentId: random.pick(agents) })
}

interface Question {
  content: string
  recipientId: string | null
  expiresMs: number
}

function ask(world: World, outside: Outside, question: Question): void {
  const { faults, random, broker, nowMs } = world
  const lane = faults.misplaced && random.flip(0.5) ? 'skill' : 'requests'
  outside.asked.push(broker.append({ lane, envelope: requestRecord(world.newId('request'), question) }, nowMs))
}

/** At most one record from outside. */
export function actOutside(world: World, outside: Outside): void {
  const { random } = world
  if (strikes(world, 'repeated', 0.3)) askAgain(world, outside)
  else if (strikes(world, 'foreignAnswer', 0.05)) answer(world, 'completed')
  else if (strikes(world, 'cancel', 0.05)) answer(world, 'cancelled')
  else if (strikes(world, 'advice', 0.2)) assign(world)
  else if (strikes(world, 'foreignClaim', 0.05)) claim(world, outside, { ahead: random.below(2), agentId: 'foreign' })
}

function askAgain(world: World, outside: Outside): void {
  const { random, faults } = world
  if (!faults.different || random.flip(0.5)) {
    ask(world, outside, { ...outside, content: 'x' })
    return
  }
  // Whoever may not answer cannot be asked in person.
  const recipients = [null, 'agent-0', faults.refused ? null : 'agent-2'] as const
  const recipientId = faults.recipient ? random.pick(recipients) : null
  ask(world, outside, { content: 'y', recipientId, expiresMs: random.pick([outside.expiresMs, LONG_MS]) })
}

function assign(world: World): void {
  const attempt = (world.judge.truth().claim?.attempt ?? 0) + world.random.below(2)
  const agentId = `agent-${world.random.below(3)}`
  const envelope = assignRecord(world.newId('advice'), Math.max(1, attempt), agentId)
  world.broker.append({ lane: 'status', envelope }, world.nowMs)
}

function answer(world: World, status: 'completed' | 'cancelled'): void {
  const { faults, random, broker, nowMs } = world
  const lane = faults.misplaced && random.flip(0.6) ? 'responsesAway' : 'responses'
  const envelope = responseRecord(world.newId('foreign'), { status, by: 'somebody', runId: null })
  broker.append({ lane, envelope }, nowMs)
}

function claim(world: World, outside: Outside, { ahead, agentId }: { ahead: number; agentId: string }): void {
  const { faults, random, broker, nowMs } = world
  const request = random.oneOf(outside.asked)
  if (!request) return
  const lane = faults.misplaced && random.flip(0.5) ? 'statusAway' : 'status'
  const attempt = Math.max(1, (world.judge.truth().claim?.attempt ?? 0) + ahead)
  const { topic, partition, offset } = request
  const named = { request: { topic, partition, offset }, journalFrom: null, fruitless: 0 }
  const envelope = claimRecord(world.newId('foreign'), {
    ...named,
    attempt,
    runId: world.newId('run'),
    agentId,
    boot: 1,
  })
  broker.append({ lane, envelope }, nowMs)
}
