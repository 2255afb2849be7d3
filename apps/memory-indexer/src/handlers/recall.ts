import { hash } from 'node:crypto'
import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { RECALL_SKILL, type Recall, type RecalledItem } from '@kafclaw/memory'
import type { Run, RunHandler, RunOutcome } from '@kafclaw/runtime'

const MOST_ITEMS = 20
/** Within the time that a caller's recall tool takes at most. */
const READY_MS = 30_000
const CONTENT_CHARS = 200

export interface RecallParts {
  env: Env
  zones: readonly string[]
  recall: Recall
  /** Resolves when the index has caught up with what lay on the topic at the start. */
  whenReady(): Promise<void>
  /** Resolves with whether everything that lies on the topic now is in the index; waits a moment for it. */
  reachEnd(): Promise<boolean>
}

interface Question {
  query: string
  limit?: number
  tags?: string[]
}

/**
 * The skill `memory.recall`: input `{query, limit, tags}`, or the query as content. The output is `{items, up_to_date}`;
 * a request is answered from everything that was acknowledged before it was asked.
 */
export function createRecallHandler(parts: RecallParts): RunHandler {
  const { env, zones, recall } = parts
  return async (run) => {
    const question = parseQuestion(run.request.payload)
    await becomeReady(parts, run)
    const isUpToDate = await parts.reachEnd()
    const items = await recall.search({ ...question, zones, nowMs: env.now() }, run.signal)
    const inputHash = hash('sha256', JSON.stringify(question), 'hex')
    // The journal says what was found; a search costs little, so a run that goes on after a crash searches again.
    await run.perform({ kind: 'recall', name: RECALL_SKILL, inputHash, effect: 'none' }, async () => ({
      status: 'completed',
      output: { found: items.length },
      citations: items.map(toCitation),
    }))
    return answer(items, isUpToDate)
  }
}

/** An index that is far behind must not hold up whoever asks for ever. */
async function becomeReady({ env, whenReady }: RecallParts, run: Run): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = env.setTimer(READY_MS, () =>
    late.reject(
      new AppError(
        'KC_MEMORY_FAILED',
        'The memory index has not read all of its topic yet. Ask again later; the readiness of the memory-indexer says what it waits for.',
      ),
    ),
  )
  const stop = (): void => late.reject(new AppError('KC_RUN_STOPPED', `The run stops: ${String(run.signal.reason)}.`))
  run.signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([whenReady(), late.promise])
  } finally {
    timer.cancel()
    run.signal.removeEventListener('abort', stop)
  }
  run.checkpoint()
}

function answer(items: readonly RecalledItem[], isUpToDate: boolean): RunOutcome {
  const lines = items.map(
    ({ title, content, author }) => `- ${title === '' ? '' : `${title}: `}${shorten(content)} (${author})`,
  )
  return {
    status: 'completed',
    content: lines.length === 0 ? 'Nothing in the shared memory fits.' : lines.join('\n'),
    output: { items, up_to_date: isUpToDate },
    citations: items.map(toCitation),
  }
}

function toCitation({ item_id, topic, partition, offset, author, title, age_ms, score }: RecalledItem) {
  return { item_id, topic, partition, offset, author, title, age_ms, score }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= CONTENT_CHARS ? line : `${line.slice(0, CONTENT_CHARS - 1)}…`
}

/** Error: KC_USAGE. */
function parseQuestion(payload: { content: string; input: unknown }): Question {
  const { input, content } = payload
  const given: { query?: unknown; limit?: unknown; tags?: unknown } =
    typeof input === 'object' && input !== null ? input : {}
  const { query = content, limit, tags } = given
  if (typeof query !== 'string') throw new AppError('KC_USAGE', 'input.query must be a text.')
  return {
    query,
    ...(limit === undefined || limit === null ? {} : { limit: parseLimit(limit) }),
    ...(tags === undefined || tags === null ? {} : { tags: parseTags(tags) }),
  }
}

function parseLimit(limit: unknown): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MOST_ITEMS) return limit
  throw new AppError('KC_USAGE', `input.limit must be a whole number from 1 to ${MOST_ITEMS}.`)
}

function parseTags(tags: unknown): string[] {
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags
  throw new AppError('KC_USAGE', 'input.tags must be a list of texts.')
}
