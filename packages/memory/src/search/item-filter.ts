import type { RecallQuery } from '../recall.ts'

/** A condition on the table `item`, aliased `i`, and its parameters. */
export interface ItemFilter {
  readonly sql: string
  readonly params: readonly [zones: string, nowMs: number, tags: string, labels: string]
}

/** Zone, expiry, tags and labels as one condition, which both searches apply before they rank. */
export function toItemFilter(query: RecallQuery): ItemFilter {
  const { zones, nowMs, tags = [], labels = {} } = query
  return { sql: CONDITION, params: [JSON.stringify(zones), nowMs, JSON.stringify(tags), JSON.stringify(labels)] }
}

const CONDITION = `i.forgotten = 0
  AND i.zone IN (SELECT value FROM json_each(?))
  AND (i.expires_at_ms IS NULL OR i.expires_at_ms > ?)
  AND NOT EXISTS (SELECT 1 FROM json_each(?) asked WHERE asked.value NOT IN (SELECT value FROM json_each(i.tags)))
  AND NOT EXISTS (SELECT 1 FROM json_each(?) asked WHERE NOT EXISTS (
    SELECT 1 FROM json_each(i.labels) own WHERE own.key = asked.key AND own.value = asked.value))`
