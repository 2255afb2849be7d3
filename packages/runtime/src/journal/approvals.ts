import {
  AppError,
  type ApprovalEnvelope,
  approvalIdFor,
  decode,
  sha256,
  topicName,
  traceBelow,
} from '@kafclaw/envelope'
import type { Log, LogBatch, Reader } from '@kafclaw/kafka'
import { type ApprovalState, foldApproval, newApproval } from '@kafclaw/tasks'
import type { Sender } from '../sender.ts'
import type { Settlement } from '../step.ts'
import type { Doubt } from './settle-doubt.ts'
import { shownInput } from './shown-input.ts'
import { stopIfAborted } from './step-work.ts'

/** Asks a person what became of an effect that nobody else can settle. */
export interface Approvals {
  /** Resolves with the decision, however long it takes; throws KC_RUN_IN_DOUBT when it is denied, KC_RUN_STOPPED on abort. */
  settle(doubt: Doubt): Promise<Exclude<Settlement, { kind: 'unknown' }>>
  close(): Promise<void>
}

export function createApprovals(options: {
  log: Log
  group: string
  zone: string
  agentId: string
  sender: Pick<Sender, 'send'>
}): Approvals {
  const topic = topicName(options, 'control_approvals')
  const states = new Map<string, ApprovalState>()
  let waiting: Array<{ approvalId: string } & PromiseWithResolvers<ApprovalEnvelope>> = []
  let reader: Reader | null = null

  /** Questions are rare: nothing is read before the first, and then all of it. */
  function follow(): Promise<void> {
    if (reader) return reader.caughtUp
    const opened = options.log.read({
      topics: [topic],
      position: () => 'start',
      onBatch(batches) {
        for (const batch of batches) take(batch)
      },
    })
    reader = opened
    opened.ended.catch((error: unknown) => {
      if (reader !== opened) return
      reader = null
      // Whoever waits reads anew, in its next run.
      for (const waiter of waiting) waiter.reject(AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE'))
      waiting = []
    })
    return opened.caughtUp
  }

  function take(batch: LogBatch): void {
    for (const record of batch.records) {
      const decoded = decode(record)
      if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'approval') continue
      const { approval_id: id } = decoded.envelope.payload
      states.set(id, foldApproval(states.get(id) ?? newApproval(id), decoded.envelope))
    }
    const still: typeof waiting = []
    for (const waiter of waiting) {
      const decision = states.get(waiter.approvalId)?.decision
      if (decision) waiter.resolve(decision)
      else still.push(waiter)
    }
    waiting = still
  }

  async function decided(approvalId: string, signal: AbortSignal): Promise<ApprovalEnvelope> {
    const known = states.get(approvalId)?.decision
    if (known) return known
    stopIfAborted({ signal })
    const waiter = { approvalId, ...Promise.withResolvers<ApprovalEnvelope>() }
    waiting.push(waiter)
    // It may have died since: while the question was stored nobody waited for it.
    follow().catch(() => undefined)
    const stop = (): void => {
      waiting = waiting.filter((other) => other !== waiter)
      waiter.reject(new AppError('KC_RUN_STOPPED', `The run stops: ${String(signal.reason)}.`))
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await waiter.promise
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  async function ask({ work, intent, call }: Doubt, approvalId: string): Promise<void> {
    const { run } = work.options
    await run.commit(() =>
      options.sender.send({
        type: 'approval',
        correlation_id: run.taskId,
        causation_id: intent.recordId,
        expires_at: run.request.expires_at,
        trace: traceBelow(run.request),
        labels: run.request.labels,
        payload: {
          approval_id: approvalId,
          status: 'asked',
          subject: 'settle',
          question: `Did the call of ${work.spec.name} with the key ${call.idempotencyKey} happen? Its worker does not know.`,
          run_id: run.runId,
          attempt: run.attempt,
          agent_id: options.agentId,
          step: call.step,
          redo: call.redo,
          tool: work.spec.name,
          idempotency_key: call.idempotencyKey,
          arguments: shownInput(work.spec.input),
        },
      }),
    )
    run.progress(`waits for a decision: kafclaw approvals show ${approvalId}`)
  }

  return {
    async settle(doubt) {
      const { work, call } = doubt
      const { taskId } = work.options.run
      const content = sha256(JSON.stringify([work.spec.name, work.spec.inputHash]))
      const approvalId = approvalIdFor({ taskId, step: call.step, redo: call.redo, content })
      await follow()
      if (!states.get(approvalId)?.asked) await ask(doubt, approvalId)
      return settlementOf(await decided(approvalId, call.signal), work.spec.name)
    },
    async close() {
      const current = reader
      reader = null
      await current?.close()
    },
  }
}

function settlementOf(
  { payload, sender_id: by }: ApprovalEnvelope,
  tool: string,
): Exclude<Settlement, { kind: 'unknown' }> {
  if (payload.status === 'granted') {
    if (!payload.happened) return { kind: 'never' }
    return { kind: 'happened', result: { status: 'completed', output: payload.output ?? { settled_by: by } } }
  }
  const reason = payload.reason === null ? '' : ` (${payload.reason})`
  throw new AppError(
    'KC_RUN_IN_DOUBT',
    `It is not known whether ${tool} happened, and ${by} has decided that the run ends here${reason}.`,
  )
}
