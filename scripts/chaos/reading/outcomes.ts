import { isDeepStrictEqual } from 'node:util'
import { decode, type ResponseEnvelope, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { isHome } from '@kafclaw/tasks'
import type { AskedTask } from '../load.ts'
import type { Stage } from '../stage.ts'
import type { TaskHistory } from './history.ts'
import type { TaskJournal } from './journals.ts'

/** The answers to each task in its home partition, in log order; one that lies there twice is one. */
export async function readAnswers({ log, scope, partitions }: Stage): Promise<Map<string, ResponseEnvelope[]>> {
  const answers = new Map<string, ResponseEnvelope[]>()
  for (const record of await readAll(log, [topicName(scope, 'responses')])) {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'response') continue
    const { envelope } = decoded
    const taskId = envelope.correlation_id
    if (taskId === null || !isHome(taskId, record.partition, partitions)) continue
    const known = answers.get(taskId) ?? []
    if (!known.some(({ id }) => id === envelope.id)) answers.set(taskId, [...known, envelope])
  }
  return answers
}

/** Tasks of which whoever asked has another outcome than the log has: answers that come later, of runs on their way out, are none. */
export function countSecondOutcomes(
  asked: ReadonlyMap<string, AskedTask>,
  answers: ReadonlyMap<string, readonly ResponseEnvelope[]>,
): number {
  return [...asked].filter(
    ([taskId, { outcomeId }]) => outcomeId !== null && answers.get(taskId)?.[0]?.id !== outcomeId,
  ).length
}

/** Outcomes of a run that another one had superseded before, by the clock of the log: R3 lets them count, whoever is first. */
export function countLateOutcomes(histories: Iterable<TaskHistory>): number {
  let late = 0
  for (const { claims, outcomeRunId, endedMs } of histories) {
    const at = claims.findIndex(({ runId }) => runId === outcomeRunId)
    const next = claims[at + 1]
    if (at >= 0 && next !== undefined && next.atMs < (endedMs ?? 0)) late++
  }
  return late
}

/**
 * Tasks whose outcome rests on a step of which the journal says something else: a stale record was taken for one that counts.
 * A run that had finished before another one fenced its journal may still be the first to answer (R3); its steps are its own.
 */
export function countForeignSteps(
  answers: ReadonlyMap<string, readonly ResponseEnvelope[]>,
  journals: ReadonlyMap<string, TaskJournal>,
): number {
  let foreign = 0
  for (const [taskId, [outcome]] of answers) {
    const steps = stepsOf(outcome)
    const journal = journals.get(taskId)?.journal
    if (journal?.holder()?.runId !== outcome?.payload.run_id) continue
    if (steps?.some((output, n) => !isDeepStrictEqual(journal?.step(n)?.result?.output, output))) foreign++
  }
  return foreign
}

/** What the step worker says of its steps. */
function stepsOf(outcome: ResponseEnvelope | undefined): unknown[] | null {
  const output = outcome?.payload.output
  if (typeof output !== 'object' || output === null || !('steps' in output)) return null
  return Array.isArray(output.steps) ? output.steps : null
}
