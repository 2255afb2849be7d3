import { formatPlace, formatTimestamp } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { renderTable } from '../output/table.ts'
import { approvalJson } from './approval-json.ts'
import { describeDecision } from './describe-decision.ts'
import { type Approval, readApproval, statusOf } from './read-approvals.ts'

/** Shows one question with all that helps to answer it, and who has answered. */
export async function showApproval(invocation: Invocation, approvalId: string): Promise<number> {
  const { output, env } = invocation
  await using host = openGroup(invocation)
  const approval = await readApproval(host, approvalId)
  const status = statusOf(approval, env.now())
  output.data(approvalJson(approval, env.now()), () =>
    renderTable(
      [
        { title: 'FIELD', value: ([name]) => name },
        { title: 'VALUE', value: ([, text]) => text },
      ],
      [['state', status] as const, ...fieldsOf(approval)].filter(([, text]) => text !== null),
      { ...output, width: null },
    ),
  )
  if (status === 'open') {
    output.note(
      `look for the key at the target, then: kafclaw approvals grant ${approvalId} --happened, or --did-not-happen`,
    )
    output.note(`to end the task instead: kafclaw approvals deny ${approvalId} --reason <text>`)
  }
  return EXIT.done
}

type Field = readonly [name: string, text: string | null]

function fieldsOf({ taskId, asked, decision, later }: Approval): Field[] {
  const question = asked?.envelope.payload
  return [
    ['question', question?.question ?? null],
    ['tool', question?.tool ?? null],
    ['arguments', textOf(question?.arguments)],
    ['key', question?.idempotency_key ?? null],
    ['task', taskId],
    ['step', question ? `${question.step} redo ${question.redo}, attempt ${question.attempt}` : null],
    ['agent', question?.agent_id ?? null],
    ['asked', asked && `${formatTimestamp(asked.timestampMs)} at ${formatPlace(asked)}`],
    ['expires', asked?.envelope.expires_at ?? null],
    ['decided', decision && describeDecision(decision)],
    ...later.map((record): Field => ['too late', describeDecision(record)]),
  ]
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
