import type { ApprovalEnvelope } from '@kafclaw/envelope'
import type { Member } from './member.ts'
import { type Decision, decisionRecord } from './records.ts'
import { strikes, type World } from './world.ts'

type Question = ApprovalEnvelope['payload']

/** Whoever answers what no program can settle: looks into the books, and makes sure that the first caller is gone. */
export function decide(world: World, members: readonly Member[]): void {
  const { logs } = world.broker
  if (logs.approvals.length === 0) return
  const decided = new Set<string>()
  const open = new Map<string, Question>()
  for (const { envelope } of logs.approvals) {
    if (envelope.type !== 'approval') continue
    const { payload } = envelope
    if (payload.status === 'asked') open.set(payload.approval_id, payload)
    else decided.add(payload.approval_id)
  }
  for (const [id, question] of open) {
    if (!decided.has(id)) write(world, id, decisionAbout(world, members, question))
    else if (strikes(world, 'secondThoughts', 0.1)) write(world, id, anyDecision(world))
  }
}

function write(world: World, id: string, decision: Decision | null): void {
  if (decision === null) return
  world.broker.append(
    { lane: 'approvals', envelope: decisionRecord(world.newId('decision'), id, decision) },
    world.nowMs,
  )
}

/** Null as long as the call may still come. */
function decisionAbout(world: World, members: readonly Member[], question: Question): Decision | null {
  const { target, random, judge } = world
  const key = question.idempotency_key ?? ''
  if (target.hasHappened(key)) return { kind: 'happened', output: `somebody found ${key}` }
  if (random.flip(0.2)) return { kind: 'denied' }
  const intent = judge.journal().step(question.step ?? -1)?.intent
  const mayCall = members.some(({ life }) => life?.run?.runId === intent?.runId && !waits(life?.run?.stage.kind))
  return mayCall || target.isOnItsWay(key) ? null : { kind: 'never' }
}

function waits(stage: string | undefined): boolean {
  return stage === 'in doubt' || stage === 'waits for a person'
}

function anyDecision({ random }: World): Decision {
  const decisions: readonly [Decision, ...Decision[]] = [
    { kind: 'denied' },
    { kind: 'never' },
    { kind: 'happened', output: 'as somebody remembers it' },
  ]
  return random.pick(decisions)
}
