import type { RecallQuery } from '../recall.ts'

/** A condition on the table `item`, aliased `i`, and its parameters in order. */
export interface ItemFilter {
  readonly sql: string
  readonly params: readonly (string | number)[]
}

/** Zone, expiry, tags and labels as one condition, which both searches apply before they rank. */
export function toItemFilter(query: RecallQuery): ItemFilter {
  const { zones, nowMs, tags = [], labels = {} } = query
  const conditions = [SEEN]
  const params: (string | number)[] = [JSON.stringify(zones), nowMs]
  if (tags.length > 0) {
    conditions.push(TAGGED)
    params.push(JSON.stringify(tags))
  }
  if (Object.keys(labels).length > 0) {
    conditions.push(LABELLED)
    params.push(JSON.stringify(labels))
  }
  return { sql: conditions.join(' AND '), params }
}

const SEEN = `i.forgotten = 0 AND i.zone IN (SELECT value FROM json_each(?)) AND (i.expires_at_ms IS NULL OR i.expires_at_ms > ?)`
const TAGGED =
  'NOT EXISTS (SELECT 1 FROM json_each(?) asked WHERE asked.value NOT IN (SELECT value FROM json_each(i.tags)))'
const LABELLED = `NOT EXISTS (SELECT 1 FROM json_each(?) asked WHERE NOT EXISTS (
  SELECT 1 FROM json_each(i.labels) own WHERE own.key = asked.key AND own.value = asked.value))`
