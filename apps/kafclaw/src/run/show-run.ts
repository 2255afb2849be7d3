import { formatPlace, formatTimestamp, type Usage } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import { type Column, renderTable } from '../output/table.ts'
import type { Attempt } from '../tasks/task-history.ts'
import { stateOf } from '../tasks/tasks.ts'
import { type RunHistory, readRun } from './read-run.ts'
import type { StepTry, TracePlace } from './run-journal.ts'

/** Shows the journal of the runs of a task as a timeline: who ran which step, what it took, and what was replayed. */
export async function showRun(invocation: Invocation, taskId: string): Promise<number> {
  const { output } = invocation
  await using host = openGroup(invocation)
  const run = await readRun(host, taskId)
  output.data(toJson(run), () => toText(run, output))
  if (!run.journal.isComplete) {
    output.warn('the journal does not begin at step 0: retention has taken its beginning')
  }
  const doubtful = run.journal.tries.filter(({ state }) => state === 'in doubt')
  for (const { step, name } of doubtful) {
    output.warn(`step ${step} (${name ?? '?'}) has an intent without a result: whether it happened is not known`)
  }
  return EXIT.done
}

/** An attempt with what its run did. */
interface AttemptRow extends Attempt {
  host: string | null
  executed: number
  replayed: number
}

function attemptsOf({ history, journal, hostOf }: RunHistory): AttemptRow[] {
  return history.attempts.map((attempt) => ({
    ...attempt,
    host: hostOf(attempt.agentId, attempt.boot),
    executed: journal.tries.filter(({ runId, result }) => runId === attempt.runId && result !== null).length,
    replayed: journal.replayed.get(attempt.runId) ?? 0,
  }))
}

/** What the model calls have cost: those whose answer holds, and those that were paid and did not count. */
function tokensOf(tries: readonly StepTry[]): { counted: Usage; uncounted: Usage } {
  return {
    counted: sumUsage(tries.filter(({ state }) => state === 'done')),
    uncounted: sumUsage(tries.filter(({ state }) => state !== 'done')),
  }
}

function sumUsage(tries: readonly StepTry[]): Usage {
  const usages = tries.flatMap(({ result }) => result?.envelope.payload.usage ?? [])
  return {
    input_tokens: usages.reduce((sum, usage) => sum + usage.input_tokens, 0),
    output_tokens: usages.reduce((sum, usage) => sum + usage.output_tokens, 0),
  }
}

function toJson(run: RunHistory) {
  const { history, journal } = run
  const { task } = history
  return {
    task_id: task.taskId,
    state: stateOf({ task }),
    status: task.outcome?.status ?? null,
    finished_steps: journal.finished,
    complete: journal.isComplete,
    tokens: tokensOf(journal.tries),
    attempts: attemptsOf(run).map((row) => ({
      attempt: row.attempt,
      agent_id: row.agentId,
      boot: row.boot,
      host: row.host,
      run_id: row.runId,
      claimed_at: formatTimestamp(row.claimedMs),
      executed: row.executed,
      replayed: row.replayed,
      end: row.end,
    })),
    steps: journal.tries.map((tried) => ({
      step: tried.step,
      redo: tried.redo,
      kind: tried.kind,
      name: tried.name,
      attempt: tried.attempt,
      agent_id: tried.agentId,
      run_id: tried.runId,
      state: tried.state,
      status: tried.result?.envelope.payload.status ?? null,
      duration_ms: tried.durationMs,
      usage: tried.result?.envelope.payload.usage ?? null,
      replayed_by: tried.replayedBy,
      intent: tried.intent && placeJson(tried.intent),
      result: tried.result && { ...placeJson(tried.result), output: journal.outputOf(tried.result) },
      input_hash: (tried.result ?? tried.intent)?.envelope.payload.input_hash ?? null,
    })),
  }
}

function placeJson({ topic, partition, offset, timestampMs, envelope }: TracePlace) {
  return { topic, partition, offset, appended_at: formatTimestamp(timestampMs), id: envelope.id }
}

function toText(run: RunHistory, output: Output): string {
  const { history, journal } = run
  const section = <Row>(title: string, columns: ReadonlyArray<Column<Row>>, rows: readonly Row[]): string[] =>
    rows.length === 0 ? [] : ['', output.bold(title), renderTable(columns, rows, output)]
  return [
    renderTable(SUMMARY, [run], output),
    ...section('Attempts', ATTEMPTS, attemptsOf(run)),
    ...section('Steps', STEPS, journal.tries),
    ...(journal.tries.length === 0 ? ['', 'No step yet.'] : []),
    ...(history.task.outcome ? [] : ['', 'No outcome yet.']),
  ].join('\n')
}

const SUMMARY: ReadonlyArray<Column<RunHistory>> = [
  { title: 'TASK', value: ({ history }) => history.task.taskId },
  { title: 'STATE', value: ({ history: { task } }) => task.outcome?.status ?? stateOf({ task }) },
  { title: 'STEPS', value: ({ journal }) => journal.finished, align: 'right' },
  { title: 'TOKENS', value: ({ journal }) => formatTokens(tokensOf(journal.tries).counted), align: 'right' },
  { title: 'NOT COUNTED', value: ({ journal }) => formatTokens(tokensOf(journal.tries).uncounted), align: 'right' },
]

const ATTEMPTS: ReadonlyArray<Column<AttemptRow>> = [
  { title: 'ATTEMPT', value: ({ attempt }) => attempt, align: 'right' },
  { title: 'AGENT', value: ({ agentId, boot }) => `${agentId} (boot ${boot})` },
  { title: 'HOST', value: ({ host }) => host },
  { title: 'CLAIMED', value: ({ claimedMs }) => formatTimestamp(claimedMs) },
  { title: 'REPLAYED', value: ({ replayed }) => replayed, align: 'right' },
  { title: 'EXECUTED', value: ({ executed }) => executed, align: 'right' },
  { title: 'END', value: ({ end }) => end },
]

const STEPS: ReadonlyArray<Column<StepTry>> = [
  { title: 'STEP', value: ({ step, redo }) => (redo === 0 ? String(step) : `${step} redo ${redo}`), align: 'right' },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATE', value: ({ state, result }) => (state === 'done' ? statusOf(result) : state) },
  { title: 'ATTEMPT', value: ({ attempt }) => attempt, align: 'right' },
  { title: 'AGENT', value: ({ agentId }) => agentId },
  { title: 'TOOK', value: ({ durationMs }) => (durationMs === null ? null : `${durationMs}ms`), align: 'right' },
  { title: 'TOKENS', value: ({ result }) => formatTokens(result?.envelope.payload.usage ?? null), align: 'right' },
  { title: 'REPLAYED BY', value: ({ replayedBy }) => replayedBy.map((attempt) => `attempt ${attempt}`).join(', ') },
  { title: 'RECORD', value: ({ result, intent }) => formatRecord(result ?? intent) },
]

function statusOf(result: TracePlace | null): string {
  const status = result?.envelope.payload.status ?? 'completed'
  return status === 'completed' ? 'done' : status
}

function formatRecord(at: TracePlace | null): string | null {
  return at && formatPlace(at)
}

/** In and out; nothing where nothing was said. */
function formatTokens(usage: Usage | null): string | null {
  if (!usage || usage.input_tokens + usage.output_tokens === 0) return null
  return `${usage.input_tokens}+${usage.output_tokens}`
}
