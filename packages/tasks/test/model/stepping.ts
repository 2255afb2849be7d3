import { openForResume, storeCopy, writeIntent, writeResult, writeTrace } from './journal-writing.ts'
import { type Life, type Member, nameOf, type Run } from './member.ts'
import { nextStep, PLAN_NAMES, type Step } from './plan.ts'
import { startedRecord, TASK } from './records.ts'
import { type Entry, isOpen, openWatch } from './watch.ts'
import type { Working } from './working.ts'
import type { World } from './world.ts'

/** A later attempt fences the runs before it. */
export function begin(world: World, { member, life, run }: Working<'begins'>): void {
  if (run.attempt === 1) {
    run.stage = { kind: 'next step' }
    return
  }
  const startedId = world.rules.isFenced ? world.newId('started') : null
  if (startedId !== null && !writeTrace(world, member, { envelope: startedRecord(startedId, run) })) return
  openForResume(world, { member, life, run })
  run.stage = { kind: 'waits for its start', startedId }
}

export function waitForStart(world: World, { member, life, run, stage }: Working<'waits for its start'>): void {
  const { watch } = run
  if (!watch || !isOpen(watch)) return
  if (stage.startedId !== null) {
    const counts = watch.read.get(stage.startedId)
    if (counts === undefined) return
    if (!counts) {
      stopFenced(world, { member, life, run })
      return
    }
  }
  if (storeCopy(world, member, run)) run.stage = { kind: 'next step' }
}

/** What the journal says then is the work of another, who may have come to other steps. */
export function isFenced({ rules }: World, { watch, attempt, runId }: Run): boolean {
  return rules.isFenceLookedAt && watch !== null && !watch.journal.mayWrite({ attempt, runId })
}

export function stopFenced(world: World, { member, life, run }: { member: Member; life: Life; run: Run }): void {
  world.reach('fenced')
  world.say(() => `${nameOf(member)} ${run.runId} stops: another run writes its journal`)
  life.run = null
}

/** What the journal has of the step is taken from there; else it is done. */
export function goOn(world: World, { member, life, run }: Working<'next step'>): void {
  if (isFenced(world, run)) {
    stopFenced(world, { member, life, run })
    return
  }
  const step = nextStep(run.request, run.outputs)
  if (step === null) {
    run.stage = { kind: 'answers', status: 'completed' }
    return
  }
  const known = run.watch?.journal.step(step.number)
  if (known?.result) {
    replay(world, { member, run, step, result: known.result })
    return
  }
  if (step.effect === 'once') {
    run.stage = { kind: 'looks', step, voided: -1 }
    return
  }
  const redo = known?.nextRedo ?? 0
  if (step.effect === 'none') {
    run.nextActMs = world.nowMs + world.random.below(world.isHealing ? 100 : world.leaseMs / 2)
    run.stage = { kind: 'thinks', step, redo }
    return
  }
  beginAgain(world, { member, run, step, redo })
}

/** A step that may be repeated. A question to another agent waits until its intent counts: a run after this one may ask something else. */
function beginAgain(
  world: World,
  { member, run, step, redo }: { member: Member; run: Run; step: Step; redo: number },
): void {
  const isQuestion = step.kind === 'delegation' && world.rules.isQuestionReadBack
  if (isQuestion) run.watch ??= openWatch(world.rules, world.broker.logs.traces, { from: run.readFrom, seed: [] })
  const intentId = writeIntent(world, member, { run, step, redo })
  if (intentId === null) return
  run.stage = isQuestion
    ? { kind: 'waits for its intent', step, redo, intentId, voided: -1 }
    : { kind: 'may call', step, redo }
}

export function replay(
  world: World,
  { member, run, step, result }: { member: Member; run: Run; step: Step; result: Entry },
): void {
  world.reach('step found finished')
  world.judge.replayed(member, { run, step, result })
  if (result.inputHash !== step.inputHash) {
    world.say(() => `${nameOf(member)} ${run.runId} cannot go on: ${step.inputHash}, not ${result.inputHash}`)
    run.stage = { kind: 'answers', status: 'failed' }
    return
  }
  run.outputs.push(result.output ?? '')
  run.stage = { kind: 'next step' }
}

export function think(world: World, { member, run, stage }: Working<'thinks'>): void {
  const { step, redo } = stage
  finish(world, { member, run, step, redo, output: `${world.random.pick(PLAN_NAMES)}: ${world.newId('thought')}` })
}

/** The step is done when its result has been stored; nobody waits until it lies on the log. */
function finish(
  world: World,
  { member, run, ...result }: { member: Member; run: Run; step: Step; redo: number; output: string },
): void {
  if (writeResult(world, member, { run, ...result }) === null) return
  run.outputs.push(result.output)
  run.stage = { kind: 'next step' }
}

export function keyOf(step: number, redo: number): string {
  return `${TASK}/${step}/${redo}`
}

export function call(world: World, { member, run, stage }: Working<'about to call'>): void {
  const { step, redo } = stage
  const childId = world.rules.isChildDerived
    ? `child of ${TASK}/${step.number}: ${step.inputHash}`
    : world.newId('child')
  const key = step.name === 'ask' ? childId : keyOf(step.number, redo)
  world.say(() => `${nameOf(member)} ${run.runId} calls ${step.name} with ${key}`)
  const sent = world.target.call({ step, key, attempt: run.attempt })
  run.stage = { kind: 'calls', step, redo, call: sent, sinceMs: world.nowMs }
}

export function waitForAnswer(world: World, { member, run, stage }: Working<'calls'>): void {
  const { step, redo, call: sent, sinceMs } = stage
  if (sent.answer?.kind === 'done') {
    finish(world, { member, run, step, redo, output: sent.answer.output })
    return
  }
  const isLate = world.nowMs - sinceMs > world.target.longestCallMs
  if (sent.answer === null && !isLate) return
  if (step.effect === 'idempotent') {
    run.stage = { kind: 'may call', step, redo }
    return
  }
  run.stage = { kind: 'looks', step, voided: world.rules.isLateCallInDoubt ? redo - 1 : redo }
}

/** What a run that has been replaced still hears of its call is written: the result of an intent counts whenever it comes. */
export function finishCalls(world: World, member: Member, life: Life): void {
  const [run, ...others] = life.replaced
  if (run?.stage.kind !== 'calls') return
  const { step, redo, call: sent, sinceMs } = run.stage
  if (sent.answer === null && world.nowMs - sinceMs <= world.target.longestCallMs) return
  life.replaced = others
  if (sent.answer?.kind !== 'done') return
  world.reach('result of a run that was replaced')
  run.hasProgressed = true
  writeResult(world, member, { run, step, redo, output: sent.answer.output })
}
