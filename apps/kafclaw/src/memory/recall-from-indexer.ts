import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { RecalledItem, RecallQuery } from '@kafclaw/memory'
import type { GroupClient } from '@kafclaw/runtime'
import { awaitOutcome } from '../ask/await-outcome.ts'

const RECALL_SKILL = 'memory.recall'
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
  return itemsOf(output)
}

/** The output of a response is free: only what looks like an item is taken. */
function itemsOf(output: unknown): RecalledItem[] {
  if (typeof output !== 'object' || output === null || !('items' in output) || !Array.isArray(output.items)) return []
  return output.items.filter(isItem)
}

function isItem(value: unknown): value is RecalledItem {
  if (typeof value !== 'object' || value === null) return false
  const item: Partial<Record<keyof RecalledItem, unknown>> = value
  const texts = [item.item_id, item.content, item.title, item.author, item.topic]
  const numbers = [item.partition, item.offset, item.age_ms]
  return texts.every((text) => typeof text === 'string') && numbers.every((number) => typeof number === 'number')
}
