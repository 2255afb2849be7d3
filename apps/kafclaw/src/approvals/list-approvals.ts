import { EXIT } from '@kafclaw/runtime'
import type { ApprovalsListOptions } from '../commands/approvals.ts'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { formatAge } from '../output/age.ts'
import { type Column, renderTable } from '../output/table.ts'
import { approvalJson } from './approval-json.ts'
import { type Approval, readApprovals, statusOf } from './read-approvals.ts'

/** Lists what was asked of people, the newest first. */
export async function listApprovals(invocation: Invocation, options: ApprovalsListOptions): Promise<number> {
  const { output, env } = invocation
  await using host = openGroup(invocation)
  const nowMs = env.now()
  const all = await readApprovals(host)
  const shown = all
    .filter((approval) => options.state === undefined || statusOf(approval, nowMs) === options.state)
    .filter(({ taskId }) => options.task === undefined || taskId === options.task)
    .toReversed()
  output.data(
    shown.map((approval) => approvalJson(approval, nowMs)),
    () => renderTable(columns(nowMs), shown, output),
  )
  if (shown.length === 0) output.note(all.length === 0 ? 'nothing was asked' : 'none of them; see --state and --task')
  return EXIT.done
}

function columns(nowMs: number): ReadonlyArray<Column<Approval>> {
  return [
    { title: 'APPROVAL', value: ({ approvalId }) => approvalId },
    { title: 'STATE', value: (approval) => statusOf(approval, nowMs) },
    { title: 'AGE', value: ({ asked }) => asked && formatAge(nowMs - asked.timestampMs), align: 'right' },
    { title: 'BY', value: ({ decision }) => decision?.envelope.sender_id ?? null },
    { title: 'TOOL', value: ({ asked }) => asked?.envelope.payload.tool ?? null },
    { title: 'TASK', value: ({ taskId }) => taskId },
    { title: 'QUESTION', value: ({ asked }) => asked?.envelope.payload.question ?? null },
  ]
}
