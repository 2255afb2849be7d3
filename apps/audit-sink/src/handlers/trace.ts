import { AppError } from '@kafclaw/envelope'
import { parseTraceSubject, type RunHandler, type TraceSubject } from '@kafclaw/runtime'
import type { Db } from '@kafclaw/storage'
import { createDecisionSource } from '../decision-query.ts'
import { gapsAround } from '../gaps.ts'
import { answerTrace } from '../trace-answer.ts'

/** Records of one decision that are looked at; what lies beyond is said to be missing. */
const MOST_RECORDS = 10_000
/** How long a question waits until the sink has read what lay on the topics when it was asked. */
const REACH_END_MS = 2000

export interface TraceParts {
  /** The audit file, which is another one after the log was replaced. */
  db(): Db
  reachEnd(waitMs: number): Promise<boolean>
}

/** The skill `audit.trace`: input `{subject, from?}`, or the subject as content. */
export function createTraceHandler({ db, reachEnd }: TraceParts): RunHandler {
  return async (run) => {
    const { subject, from } = parseQuestion(run.request.payload)
    const isUpToDate = await reachEnd(REACH_END_MS)
    run.checkpoint()
    const records = createDecisionSource(db()).readDecision(subject, MOST_RECORDS + 1)
    if (records.length === 0) {
      const hint = isUpToDate ? 'Check the spelling' : 'The audit has not read all of the log yet; ask again later'
      return { status: 'failed', error: { code: 'KC_NOT_FOUND', message: `The audit knows no such record. ${hint}.` } }
    }
    const { content, output } = answerTrace({
      records: records.slice(0, MOST_RECORDS),
      isCut: records.length > MOST_RECORDS,
      isUpToDate,
      from,
      gapsAround: (isWhole) => gapsAround(db(), records, isWhole),
    })
    return { status: 'completed', content, output }
  }
}

/** Error: KC_USAGE. */
function parseQuestion(payload: { content: string; input: unknown }): { subject: TraceSubject; from: number } {
  const { input, content } = payload
  const given: { subject?: unknown; from?: unknown } = typeof input === 'object' && input !== null ? input : {}
  const { subject = content, from = 0 } = given
  if (typeof subject !== 'string') throw new AppError('KC_USAGE', 'input.subject must be a text.')
  if (typeof from !== 'number' || !Number.isInteger(from) || from < 0) {
    throw new AppError('KC_USAGE', 'input.from must be 0 or the `next` of the page before.')
  }
  return { subject: parseTraceSubject(subject), from }
}
