import type { Outgoing } from './broker.ts'
import { type Life, type Member, nameOf, type Run, type Stage } from './member.ts'
import { lookAgain, mayCall, settleDoubt, waitForIntent, waitForPerson, waitForResult } from './once.ts'
import { releaseRecord, responseRecord } from './records.ts'
import { begin, call, finishCalls, goOn, think, waitForAnswer, waitForStart } from './stepping.ts'
import { type Draft, transact } from './transaction.ts'
import type { World } from './world.ts'

/** A run with the process that it lives in. */
export interface Working<Kind extends Stage['kind'] = Stage['kind']> {
  member: Member
  life: Life
  run: Run
  stage: Extract<Stage, { kind: Kind }>
}

/** The run goes on from where it stands to where it may be interrupted next. */
export function work(world: World, member: Member): void {
  const { life } = member
  if (!life) return
  finishCalls(world, member, life)
  const { run } = life
  if (!run || world.nowMs < run.nextActMs) return
  if (!run.isConfirmed && world.rules.isConfirmedBeforeActing) return
  if (life.roster.clockMs() > run.expiresAtMs) {
    world.say(() => `${nameOf(member)} ${run.runId} stops: its deadline has passed`)
    life.run = null
    return
  }
  takeStage(world, { member, life, run })
}

function takeStage(world: World, at: Omit<Working, 'stage'>): void {
  const { stage } = at.run
  switch (stage.kind) {
    case 'begins':
      begin(world, { ...at, stage })
      break
    case 'waits for its start':
      waitForStart(world, { ...at, stage })
      break
    case 'next step':
      goOn(world, { ...at, stage })
      break
    case 'thinks':
      think(world, { ...at, stage })
      break
    case 'about to call':
      call(world, { ...at, stage })
      break
    case 'calls':
      waitForAnswer(world, { ...at, stage })
      break
    case 'looks':
      lookAgain(world, { ...at, stage })
      break
    case 'waits for its intent':
      waitForIntent(world, { ...at, stage })
      break
    case 'may call':
      mayCall(world, { ...at, stage })
      break
    case 'in doubt':
      settleDoubt(world, { ...at, stage })
      break
    case 'waits for a person':
      waitForPerson(world, { ...at, stage })
      break
    case 'waits for its result':
      waitForResult(world, { ...at, stage })
      break
    case 'answers':
      answer(world, { ...at, stage })
      break
  }
}

function answer(world: World, { member, life, run, stage }: Working<'answers'>): void {
  if (!world.rules.mayAct(life.beatAcked?.sentMs ?? null, world.nowMs, world.leaseMs)) {
    world.reach('lease ran out')
    return
  }
  world.judge.acted(member, run)
  transact(world, member, (draft) => {
    life.run = null
    if (draft.task.outcome !== null || draft.task.claim?.runId !== run.runId) return
    const { outputs } = run
    const fields = { status: stage.status, by: member.agentId, runId: run.runId, outputs }
    draft.added.push({ lane: 'responses', envelope: responseRecord(world.newId('answer'), fields) })
    draft.hasAnswered = true
    if (world.rules.isFinishedWithOutbox) draft.finished = true
    world.say(() => `${nameOf(member)} ${run.runId} answers: ${outputs.join(', ')}`)
  })
}

/**
 * The cluster will never take the answer: its row goes, and others may go on with the task. Until the release has been read back
 * the agent does not take up again, as its own, what it has just failed at.
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
    if (member.life) member.life.givenBack = runId
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
