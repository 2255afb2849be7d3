import { AppError } from '@kafclaw/envelope'
import { connectGroup, EXIT, type Host } from '@kafclaw/runtime'
import type { GrantOptions } from '../commands/approvals.ts'
import { commandSenderId, openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { decisionJson } from './approval-json.ts'
import { describeDecision } from './describe-decision.ts'
import { type Approval, readApproval } from './read-approvals.ts'

export type Decision =
  | { status: 'granted'; happened: boolean; output?: unknown; reason: string | null }
  | { status: 'denied'; reason: string | null }

/** What the options of `grant` say. Error: KC_USAGE. */
export function readGrant({ happened, didNotHappen, result, reason }: GrantOptions): Decision {
  if (Boolean(happened) === Boolean(didNotHappen)) {
    throw new AppError('KC_USAGE', 'Say what became of the call: --happened or --did-not-happen.')
  }
  const why = reason?.trim() || null
  if (result === undefined) return { status: 'granted', happened: happened === true, reason: why }
  if (!happened) throw new AppError('KC_USAGE', '--result is what the call gave: it goes with --happened.')
  return { status: 'granted', happened: true, output: parseResult(result), reason: why }
}

function parseResult(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('KC_USAGE', `--result takes JSON, such as '{"receipt":"r-1"}'; this is none: ${text}`, { cause })
  }
}

/** Writes a decision and says which one counts: by R5 the first on the log. Exit 1 where that is another. */
export async function decideApproval(invocation: Invocation, approvalId: string, decision: Decision): Promise<number> {
  const { output } = invocation
  await using host = openGroup(invocation)
  const before = await readApproval(host, approvalId)
  const written = before.decision ? null : await writeDecision(host, before, decision)
  const after = written ? await readApproval(host, approvalId) : before
  const counting = after.decision
  // Written and acknowledged, so at least our own is there.
  if (!counting) throw new AppError('KC_BUG', `Approval "${approvalId}" has no decision after one was written.`)
  const isOurs = counting.envelope.id === written
  const value = { approval_id: approvalId, task_id: after.taskId, decided: isOurs, decision: decisionJson(counting) }
  output.data(value, () => `${approvalId} ${isOurs ? 'is' : 'was already'} ${describeDecision(counting)}`)
  if (!isOurs) output.note(`nothing was changed: ${counting.envelope.sender_id} had decided before`)
  return isOurs ? EXIT.done : EXIT.notGood
}

/** Returns the id of the record that was written. */
async function writeDecision(host: Host, { approvalId, taskId, asked }: Approval, decision: Decision): Promise<string> {
  const { log, env, settings } = host
  const { group, zone } = settings
  const client = await connectGroup({ log, env, group, zone, senderId: commandSenderId(host) })
  try {
    const { envelope } = await client.publish({
      type: 'approval',
      correlation_id: taskId,
      causation_id: asked?.envelope.id ?? null,
      payload: { approval_id: approvalId, ...decision },
    })
    return envelope.id
  } finally {
    await client.close()
  }
}
