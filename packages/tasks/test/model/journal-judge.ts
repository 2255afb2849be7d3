import type { ApprovalEnvelope, ResponseEnvelope } from '@kafclaw/envelope'
import type { Journal } from '../../src/index.ts'
import type { Appended } from './broker.ts'
import { type Member, nameOf, type Run } from './member.ts'
import { nextStep, type Step } from './plan.ts'
import type { Rules } from './rules.ts'
import { type Call, receiptOf } from './target.ts'
import { type Entry, entryOf } from './watch.ts'

/** A promise about the steps of a task that a schedule has broken. */
export type JournalBreach =
  | 'an effect happened twice'
  | 'two children were asked'
  | 'answered without the effect of a step'
  | 'mixed plans'
  | 'readers disagree about a step'
  | 'readers disagree about a decision'

/** Sees what happens outside and what is written, and compares what runs take from the journal with what it says. */
export interface JournalJudge {
  /** As the whole log says. */
  readonly journal: Journal<Entry>
  appended(record: Appended): void
  /** `request`: place of the one that counts. */
  ended(outcome: ResponseEnvelope, request: string): void
  happened(call: Call): void
  replayed(member: Member, found: { run: Run; step: Step; result: Entry }): void
  /** A process has read what counts as the decision. */
  decided(member: Member, decision: ApprovalEnvelope): void
  finish(request: string | null): void
}

export function createJournalJudge(rules: Rules, breach: (kind: JournalBreach, why: string) => void): JournalJudge {
  const journal = rules.createJournal<Entry>()
  /** Of effects that must not happen twice: name -> the key of the call. */
  const once = new Map<string, string>()
  const done = new Set<string>()
  let child: string | null = null
  const replays = new Map<number, string>()
  const decisions = new Map<string, string>()

  /** Each step was done with what the steps before it gave. */
  function checkPlan(request: string): void {
    const outputs: string[] = []
    for (let number = 0; ; number++) {
      const result = journal.step(number)?.result
      if (!result) return
      const expected = nextStep(request, outputs)?.inputHash ?? 'nothing'
      if (result.inputHash !== expected) breach('mixed plans', `step ${number} is ${result.inputHash}, not ${expected}`)
      outputs.push(result.output ?? '')
    }
  }

  return {
    journal,
    appended({ envelope, appendedMs }) {
      if (envelope.type === 'trace') journal.add(entryOf(envelope, appendedMs))
    },
    ended({ payload }, request) {
      if (payload.status !== 'completed' || !Array.isArray(payload.output)) return
      const outputs = payload.output.map(String)
      for (const [number, output] of outputs.entries()) {
        const effect = nextStep(request, outputs.slice(0, number))?.effect
        const result = journal.step(number)?.result
        if (effect === 'none' || result?.output === output) continue
        // A run that has been fenced may still answer. What may be repeated is not read back before, and of what must not
        // happen twice another may have found out and written down first that it has happened.
        if (done.has(output) && (effect === 'idempotent' || result)) continue
        breach('answered without the effect of a step', `${payload.run_id}: ${output}`)
      }
      checkPlan(request)
    },
    happened({ step, key }) {
      done.add(receiptOf(key))
      const before = once.get(step.name)
      if (before !== undefined) breach('an effect happened twice', `${step.name} with ${before} and ${key}`)
      if (step.effect === 'once') once.set(step.name, key)
      if (step.name !== 'ask') return
      child ??= key
      if (child !== key) breach('two children were asked', `${child} and ${key}`)
    },
    replayed(member, { run, step, result }) {
      const who = `${nameOf(member)} ${run.runId}`
      const output = result.output ?? ''
      const other = replays.get(step.number) ?? output
      replays.set(step.number, other)
      if (other !== output)
        breach('readers disagree about a step', `${who} finds ${output} in step ${step.number}, another found ${other}`)
      if (result.inputHash !== step.inputHash)
        breach('mixed plans', `${who} comes to ${step.inputHash} and finds ${result.inputHash}`)
    },
    decided(member, { id, payload }) {
      const other = decisions.get(payload.approval_id) ?? id
      decisions.set(payload.approval_id, other)
      if (other !== id) breach('readers disagree about a decision', `${nameOf(member)} read ${id}, another ${other}`)
    },
    finish(request) {
      if (request !== null) checkPlan(request)
    },
  }
}
