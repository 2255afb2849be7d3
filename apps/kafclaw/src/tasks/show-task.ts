import { type Envelope, formatPlace, formatTimestamp } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import { type Column, renderTable } from '../output/table.ts'
import { readTask } from './read-task.ts'
import type { Attempt, HistoryRecord, TaskHistory } from './task-history.ts'
import { stateOf } from './tasks.ts'

/** Shows one task as the log has it: each record about it, its position, and what it did. */
export async function showTask(invocation: Invocation, taskId: string): Promise<number> {
  const { output } = invocation
  await using host = openGroup(invocation)
  const history = await readTask(host, taskId)
  output.data(toJson(history), () => toText(history, output))
  return EXIT.done
}

function holderOf({ attempts }: TaskHistory): Attempt | null {
  return attempts.find(({ end }) => end === 'holds') ?? null
}

function toJson(history: TaskHistory) {
  const { task } = history
  const holder = holderOf(history)
  const outcome = history.responses.find(({ ignored }) => ignored === null)
  return {
    task_id: task.taskId,
    state: stateOf({ task }),
    holder: holder && { agent_id: holder.agentId, attempt: holder.attempt, run_id: holder.runId },
    assigned: task.assigned && { agent_id: task.assigned.agentId, attempt: task.assigned.attempt },
    outcome: outcome ? recordJson(outcome) : null,
    attempts: history.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      agent_id: attempt.agentId,
      boot: attempt.boot,
      run_id: attempt.runId,
      claim: attempt.claim,
      claimed_at: formatTimestamp(attempt.claimedMs),
      steps: attempt.steps,
      end: attempt.end,
    })),
    requests: history.requests.map(recordJson),
    statuses: history.statuses.map(recordJson),
    responses: history.responses.map(recordJson),
  }
}

function recordJson({ topic, partition, offset, timestampMs, ignored, envelope }: HistoryRecord<Envelope>) {
  const { id, sender_id, recipient_id, causation_id, payload } = envelope
  return {
    topic,
    partition,
    offset,
    appended_at: formatTimestamp(timestampMs),
    counts: ignored === null,
    ignored,
    id,
    sender_id,
    recipient_id,
    causation_id,
    payload,
  }
}

/** Columns that every record has, around those of its kind. */
function withPlace<E extends Envelope>(
  ...own: ReadonlyArray<Column<HistoryRecord<E>>>
): ReadonlyArray<Column<HistoryRecord<E>>> {
  return [
    { title: 'PLACE', value: formatPlace },
    { title: 'APPENDED', value: ({ timestampMs }) => formatTimestamp(timestampMs) },
    { title: 'COUNTS', value: ({ ignored }) => (ignored === null ? 'yes' : `no: ${ignored}`) },
    { title: 'FROM', value: ({ envelope }) => envelope.sender_id },
    ...own,
  ]
}

const REQUESTS = withPlace<TaskHistory['requests'][number]['envelope']>(
  { title: 'TO', value: ({ envelope }) => envelope.recipient_id ?? '*' },
  { title: 'SKILL', value: ({ envelope }) => envelope.payload.skill },
  { title: 'EXPIRES', value: ({ envelope }) => envelope.expires_at },
)

const STATUSES = withPlace<TaskHistory['statuses'][number]['envelope']>(
  { title: 'STATUS', value: ({ envelope }) => envelope.payload.status },
  { title: 'ATTEMPT', value: ({ envelope }) => envelope.payload.attempt, align: 'right' },
  { title: 'AGENT', value: ({ envelope }) => envelope.payload.agent_id },
  { title: 'TEXT', value: ({ envelope }) => envelope.payload.text ?? envelope.payload.reason },
)

const RESPONSES = withPlace<TaskHistory['responses'][number]['envelope']>(
  { title: 'STATUS', value: ({ envelope }) => envelope.payload.status },
  { title: 'SAYS', value: ({ envelope: { payload } }) => payload.error?.message ?? payload.content },
)

const ATTEMPTS: ReadonlyArray<Column<Attempt>> = [
  { title: 'ATTEMPT', value: ({ attempt }) => attempt, align: 'right' },
  { title: 'AGENT', value: ({ agentId, boot }) => `${agentId} (boot ${boot})` },
  { title: 'RUN', value: ({ runId }) => runId },
  { title: 'CLAIM', value: ({ claim }) => formatPlace(claim) },
  { title: 'STEPS', value: ({ steps }) => steps, align: 'right' },
  { title: 'END', value: ({ end }) => end },
]

function toText(history: TaskHistory, output: Output): string {
  const { task } = history
  const section = <Row>(title: string, columns: ReadonlyArray<Column<Row>>, rows: readonly Row[]): string[] =>
    rows.length === 0 ? [] : ['', output.bold(title), renderTable(columns, rows, output)]
  const content = history.requests.find(({ ignored }) => ignored === null)?.envelope.payload.content
  return [
    renderTable(SUMMARY, [{ history, content: content ?? null }], output),
    ...section('Requests', REQUESTS, history.requests),
    ...section('Attempts', ATTEMPTS, history.attempts),
    ...section('Status records', STATUSES, history.statuses),
    ...section('Answers', RESPONSES, history.responses),
    ...(task.outcome ? [] : ['', 'No outcome yet.']),
  ].join('\n')
}

const SUMMARY: ReadonlyArray<Column<{ history: TaskHistory; content: string | null }>> = [
  { title: 'TASK', value: ({ history }) => history.task.taskId },
  { title: 'STATE', value: ({ history: { task } }) => task.outcome?.status ?? stateOf({ task }) },
  { title: 'HOLDER', value: ({ history }) => holderOf(history)?.agentId ?? null },
  { title: 'ASSIGNED', value: ({ history }) => history.task.assigned?.agentId ?? null },
  { title: 'OUTCOME FROM', value: ({ history }) => history.task.outcome?.senderId ?? null },
  { title: 'CONTENT', value: ({ content }) => content },
]
