import { adopt, writeIntent, writeResult } from './journal-writing.ts'
import { nameOf } from './member.ts'
import type { Step } from './plan.ts'
import { questionRecord, timestampOf } from './records.ts'
import { isFenced, keyOf, replay, stopFenced } from './stepping.ts'
import type { Settled } from './target.ts'
import { transact } from './transaction.ts'
import { type Entry, isOpen, openWatch } from './watch.ts'
import type { Working } from './working.ts'
import type { World } from './world.ts'

// A step whose effect must not happen twice (docs/wire.md, The journal).

export function lookAgain(world: World, { member, life, run, stage }: Working<'looks'>): void {
  const { step, voided } = stage
  const { rules, broker } = world
  run.watch ??= openWatch(rules, broker.logs.traces, { from: run.readFrom, seed: [] })
  if (!isOpen(run.watch)) return
  if (isFenced(world, run)) {
    stopFenced(world, { member, life, run })
    return
  }
  const known = run.watch.journal.step(step.number)
  if (known?.result) {
    if (!adopt(world, member, { run, result: known.result })) return
    replay(world, { member, run, step, result: known.result })
    return
  }
  if (known?.isInDoubt && known.intent && known.intent.redo > voided && rules.isDoubtSettled) {
    world.reach(known.intent.runId === run.runId ? 'in doubt after a timeout' : 'in doubt after a crash')
    run.stage = { kind: 'in doubt', step, intent: known.intent, voided }
    return
  }
  const redo = known?.nextRedo ?? 0
  const intentId = writeIntent(world, member, { run, step, redo })
  if (intentId === null) return
  run.stage = rules.isIntentReadBack
    ? { kind: 'waits for its intent', step, redo, intentId, voided }
    : { kind: 'may call', step, redo }
}

export function waitForIntent(world: World, { member, life, run, stage }: Working<'waits for its intent'>): void {
  const { step, redo, intentId, voided } = stage
  const counts = run.watch?.read.get(intentId)
  if (counts === undefined) return
  if (!counts) {
    world.reach('intent that does not count')
    if (world.rules.isFenced) {
      stopFenced(world, { member, life, run })
      return
    }
  }
  // What may be repeated only has to be of the run that writes the journal.
  const isOwner =
    step.effect === 'idempotent' || run.watch?.journal.ownsEffect({ recordId: intentId, step: step.number, redo })
  run.stage = isOwner ? { kind: 'may call', step, redo } : { kind: 'looks', step, voided }
}

/** Right before the call: the lease and the claim. */
export function mayCall(world: World, { member, life, run, stage }: Working<'may call'>): void {
  if (!world.rules.mayAct(life.beatAcked?.sentMs ?? null, world.nowMs, world.leaseMs)) {
    world.reach('lease ran out')
    return
  }
  world.judge.acted(member, run)
  run.stage = { ...stage, kind: 'about to call' }
}

export function settleDoubt(world: World, at: Working<'in doubt'>): void {
  const { member, life, run, stage } = at
  const { step, intent, voided } = stage
  const overMs = timestampOf(intent.appendedMs + world.target.longestCallMs)
  if (life.roster.clockMs() <= overMs) return
  const asker = { attempt: run.attempt, canVoid: world.rules.isVoidedBySettling }
  const settled = world.target.settle({ key: keyOf(step.number, intent.redo), attempt: intent.attempt }, asker)
  if (settled.kind !== 'unknown') {
    goOnSettled(world, { ...at, doubt: stage, settled })
    return
  }
  const approvalId = `approval of ${keyOf(step.number, intent.redo)}: ${step.inputHash}`
  if (!life.approvals.get(approvalId)?.asked) {
    world.reach('asked a person')
    const fields = { approvalId, runId: run.runId, step: step.number, redo: intent.redo }
    const question = questionRecord(world.newId('question'), { ...fields, key: keyOf(step.number, intent.redo) })
    if (!transact(world, member, (draft) => draft.added.push({ lane: 'approvals', envelope: question }))) return
  }
  run.stage = { kind: 'waits for a person', step, intent, voided, approvalId }
}

export function waitForPerson(world: World, at: Working<'waits for a person'>): void {
  const { member, life, run, stage } = at
  const decision = life.approvals.get(stage.approvalId)?.decision
  if (!decision) {
    if (run.watch?.journal.step(stage.step.number)?.result) run.stage = { ...stage, kind: 'looks' }
    return
  }
  const { status, happened, output } = decision.payload
  if (status === 'granted') {
    const settled = happened ? ({ kind: 'happened', output: String(output) } as const) : ({ kind: 'never' } as const)
    goOnSettled(world, { member, run, doubt: stage, settled })
    return
  }
  world.reach('denied')
  run.stage = { kind: 'answers', status: 'failed' }
}

interface Settlement extends Pick<Working, 'member' | 'run'> {
  doubt: { step: Step; intent: Entry; voided: number }
  settled: Exclude<Settled, { kind: 'unknown' }>
}

function goOnSettled(world: World, { member, run, doubt, settled }: Settlement): void {
  const { step, intent, voided } = doubt
  world.reach(settled.kind === 'happened' ? 'settled: it happened' : 'settled: never')
  world.say(() => `${nameOf(member)} ${run.runId} settles ${keyOf(step.number, intent.redo)}: ${settled.kind}`)
  if (settled.kind === 'never') {
    run.stage = { kind: 'looks', step, voided: intent.redo }
    return
  }
  const resultId = writeResult(world, member, { run, step, redo: intent.redo, output: settled.output })
  if (resultId === null) return
  if (world.rules.isSettlementReadBack) {
    run.stage = { kind: 'waits for its result', step, resultId, voided }
    return
  }
  run.outputs.push(settled.output)
  run.stage = { kind: 'next step' }
}

/** The first run may have written its own result meanwhile: what the journal says is what the step gave. */
export function waitForResult(world: World, { member, life, run, stage }: Working<'waits for its result'>): void {
  const counts = run.watch?.read.get(stage.resultId)
  if (counts === undefined) return
  if (!counts) {
    stopFenced(world, { member, life, run })
    return
  }
  run.stage = { kind: 'looks', step: stage.step, voided: stage.voided }
}
