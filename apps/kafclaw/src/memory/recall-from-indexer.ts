import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { RECALL_SKILL, type RecalledItem, type RecallQuery, readRecalledItems } from '@kafclaw/memory'
import type { GroupClient } from '@kafclaw/runtime'
import { awaitOutcome } from '../ask/await-outcome.ts'

const WAIT_MS = 30_000

/** Asks an indexer over the log. Errors: KC_TASK_TIMEOUT, KC_INTERRUPTED, KC_MEMORY_FAILED with what it said. */
export async function recallFromIndexer(
  client: GroupClient,
  { query, limit, tags }: Pick<RecallQuery, 'query' | 'limit' | 'tags'>,
  { indexerId, env, interrupted }: { indexerId: string; env: Env; interrupted: AbortSignal },
): Promise<RecalledItem[]> {
  const { outcome } = await client.ask({
    recipientId: indexerId,
    payload: {
      skill: RECALL_SKILL,
      content: query,
      input: { query, ...(limit ? { limit } : {}), ...(tags ? { tags: [...tags] } : {}) },
    },
  })
  const end = await awaitOutcome(outcome, { env, timeoutMs: WAIT_MS, lastMs: Number.MAX_SAFE_INTEGER, interrupted })
  if (end === 'interrupted') throw new AppError('KC_INTERRUPTED', 'Interrupted before the memory indexer had answered.')
  if (typeof end === 'string') throw new AppError('KC_TASK_TIMEOUT', `${indexerId} did not answer within 30 s.`)
  const { status, output, error } = end.payload
  if (status !== 'completed') {
    throw new AppError('KC_MEMORY_FAILED', `${indexerId} could not recall: ${error?.message ?? status}.`)
  }
  return readRecalledItems(output)
}
