import type { Env } from '@kafclaw/env'
import { AppError, isErrorCode } from '@kafclaw/envelope'
import type { GroupClient, TracedRecord } from '@kafclaw/runtime'
import { awaitOutcome } from '../ask/await-outcome.ts'
import { readTracePage, type TracePage } from './trace-page.ts'

const TRACE_SKILL = 'audit.trace'
const WAIT_MS = 30_000

/** What a sink knows of one decision, and why that may not be all, for people. */
export interface SinkTrace {
  records: TracedRecord[]
  missing: string[]
}

export interface SinkOptions {
  sinkId: string
  env: Env
  interrupted: AbortSignal
}

/** Asks an audit sink over the log, page by page. Errors: KC_NOT_FOUND and what else it answers, KC_TASK_TIMEOUT, KC_INTERRUPTED. */
export async function traceFromSink(client: GroupClient, subject: string, options: SinkOptions): Promise<SinkTrace> {
  const records: TracedRecord[] = []
  let missing: string[] = []
  for (let from: number | null = 0; from !== null; ) {
    const page: TracePage = await askPage(client, { subject, from }, options)
    records.push(...page.records)
    missing = page.missing
    // A page without records would be asked for again and again.
    const next: number | null = page.records.length > 0 ? page.next : null
    if (from === 0 && next === null) return { records, missing }
    from = next
  }
  // Every page says of itself that it is one; together they are the whole.
  return { records, missing: missing.filter((why) => !why.startsWith('this is one page')) }
}

async function askPage(
  client: GroupClient,
  input: { subject: string; from: number },
  { sinkId, env, interrupted }: SinkOptions,
): Promise<TracePage> {
  const payload = { skill: TRACE_SKILL, content: input.subject, input }
  const { outcome } = await client.ask({ recipientId: sinkId, payload })
  const end = await awaitOutcome(outcome, { env, timeoutMs: WAIT_MS, lastMs: Number.MAX_SAFE_INTEGER, interrupted })
  if (end === 'interrupted') throw new AppError('KC_INTERRUPTED', 'Interrupted before the audit sink had answered.')
  if (typeof end === 'string') throw new AppError('KC_TASK_TIMEOUT', `${sinkId} did not answer within 30 s.`)
  const { status, output, error } = end.payload
  if (status === 'completed') return readTracePage(output)
  const code = isErrorCode(error?.code) ? error.code : 'KC_RUN_FAILED'
  throw new AppError(code, error?.message ?? `${sinkId} could not answer: ${status}.`)
}
