import { createJournal, isHome, type Journal, type JournalRecord, journalRecordOf } from '@kafclaw/tasks'
import type { Plan } from '../plan.ts'
import { PARTITIONS } from '../stage.ts'
import { BLIND, SETTLING } from '../tools.ts'
import type { World } from '../world.ts'
import { completedPlans } from './completed-plans.ts'
import type { Evidence } from './evidence.ts'

const ONCE: ReadonlySet<unknown> = new Set([SETTLING, BLIND])

/**
 * What must not be done twice was done at most once: never where the journal says that it did not happen, and once where the
 * task is completed without saying so.
 */
export function judgeEffects(world: World, evidence: Evidence): void {
  const notDone = namesNotDone(evidence)
  const receipts = new Map<string, string[]>()
  for (const { name, receipt } of world.target.effects) receipts.set(name, [...(receipts.get(name) ?? []), receipt])
  for (const [name, all] of receipts) {
    if (all.length > 1) world.breach('effect twice', `${name}: ${all.join(', ')}`)
    if (notDone.has(name)) world.breach('effect denied', `${name}: ${all.join(', ')}`)
  }
  for (const { taskId, plan } of completedPlans(evidence)) {
    for (const name of onceNames(plan)) {
      if (!receipts.has(name) && !notDone.has(name))
        world.breach('answer without effect', `${taskId} is completed, ${name} is not done`)
    }
  }
}

function onceNames({ turns }: Plan): string[] {
  return turns.flat().flatMap(({ tool, args }) => (ONCE.has(tool) ? [String(args.name)] : []))
}

/** Effects of which a step that counts says that they did not happen, after all tries. */
function namesNotDone(evidence: Evidence): ReadonlySet<string> {
  const names = new Set<string>()
  for (const journal of readJournals(evidence).values()) {
    for (let number = 0; journal.step(number) !== null; number++) {
      const { intent, result } = journal.step(number) ?? {}
      const name = result?.status === 'failed' && ONCE.has(result.name) ? nameIn(intent?.output) : null
      if (name !== null) names.add(name)
    }
  }
  return names
}

interface Step extends JournalRecord {
  name: string | null
  status: string | null
  output: unknown
}

function readJournals({ envelopes }: Evidence): ReadonlyMap<string, Journal<Step>> {
  const journals = new Map<string, Journal<Step>>()
  for (const { record, envelope } of envelopes('trace')) {
    const { correlation_id: taskId, payload } = envelope
    if (!isHome(taskId, record.partition, PARTITIONS)) continue
    const journal = journals.get(taskId) ?? createJournal()
    journals.set(taskId, journal)
    const { name, status, output } = payload
    journal.add({ ...journalRecordOf(envelope), name, status, output })
  }
  return journals
}

/** The effect that was to be done, as the intent of its call has it. */
function nameIn(output: unknown): string | null {
  if (typeof output !== 'object' || output === null || !('arguments' in output)) return null
  const args: unknown = JSON.parse(String(output.arguments))
  return typeof args === 'object' && args !== null && 'name' in args ? String(args.name) : null
}
