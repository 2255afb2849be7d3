import type { RecalledItem } from './recall.ts'

/** The skill under which an indexer answers on the wire; its output is `{"items": [...]}`. */
export const RECALL_SKILL = 'memory.recall'

/** The items in the output of an indexer's answer. The output of a response is free: only what looks like an item is taken. */
export function readRecalledItems(output: unknown): RecalledItem[] {
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
