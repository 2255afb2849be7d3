import type { Outgoing } from './broker.ts'
import { type Life, type Member, nameOf, type Run } from './member.ts'
import { releaseRecord, responseRecord } from './records.ts'
import { type Draft, transact } from './transaction.ts'
import type { World } from './world.ts'

/** The next act of the run, or its answer; right before each the runtime looks at claim, lease and deadline. */
export function work(world: World, member: Member): void {
  const { life } = member
  if (!life?.run) return
  const { run } = life
  if (world.nowMs < run.nextActMs) return
  if (!run.isConfirmed && world.rules.isConfirmedBeforeActing) return
  if (life.roster.clockMs() > run.expiresAtMs) {
    world.say(() => `${nameOf(member)} ${run.runId} stops: its deadline has passed`)
    life.run = null
    return
  }
  if (!world.rules.mayAct(life.beatAcked?.sentMs ?? null, world.nowMs, world.leaseMs)) {
    world.reach('lease ran out')
    return
  }
  world.judge.acted(member, run)
  world.say(() => `${nameOf(member)} ${run.runId} acts`)
  run.nextActMs = world.nowMs + world.random.below(world.isHealing ? 100 : world.leaseMs / 2)
  if (--run.stepsLeft === 0) answer(world, member, { life, run })
}

function answer(world: World, member: Member, { life, run }: { life: Life; run: Run }): void {
  transact(world, member, (draft) => {
    life.run = null
    if (draft.task.outcome !== null || draft.task.claim?.runId !== run.runId) return
    const fields = { status: 'completed' as const, by: member.agentId, runId: run.runId }
    draft.added.push({ lane: 'responses', envelope: responseRecord(world.newId('answer'), fields) })
    draft.hasAnswered = true
    if (world.rules.isFinishedWithOutbox) draft.finished = true
    world.say(() => `${nameOf(member)} ${run.runId} answers`)
  })
}

/**
 * The cluster will never take the answer: its row goes, and others may go on with the task. The release is known here before
 * it has been read back, so that the agent does not take up at once, as its own, what it has just failed at.
 */
export function refuse(world: World, member: Member, refused: Outgoing): void {
  transact(world, member, (draft) => {
    draft.parked.push(refused)
    const { claim, outcome } = draft.task
    const runId = refused.envelope.type === 'response' ? refused.envelope.payload.run_id : null
    if (!draft.finished || outcome !== null || claim === null || claim.runId !== runId) return
    world.reach('answer refused')
    draft.finished = false
    draft.hasAnswered = false
    draft.task = { ...draft.task, released: 'error' }
    draft.added.push({ lane: 'status', envelope: releaseRecord(world.newId('release'), claim.runId, 'error') })
  })
}

/** The run ends without an answer, and others may go on. */
export function giveBack(world: World, member: Member, life: Life): void {
  const { run } = life
  if (!run?.isConfirmed) return
  transact(world, member, (draft: Draft) => {
    life.run = null
    if (draft.task.outcome !== null || draft.task.claim?.runId !== run.runId) return
    draft.added.push({ lane: 'status', envelope: releaseRecord(world.newId('release'), run.runId, 'shutdown') })
    world.say(() => `${nameOf(member)} gives ${run.runId} back`)
  })
}
