import type { ResponsePayload } from '@kafclaw/envelope'
import type { RunOutcome } from '@kafclaw/runtime'

/** One field of an outcome that is not what it was. */
export interface Difference {
  field: string
  before: unknown
  after: unknown
}

/** What of an outcome a replay can give again, as plain JSON. Usage is no part of it: it is what was paid, then and now. */
function comparable({
  status,
  content = null,
  output = null,
  error = null,
  citations = [],
}: Partial<Pick<ResponsePayload, 'content' | 'output'>> & Pick<RunOutcome, 'status' | 'error' | 'citations'>) {
  return {
    status,
    content: content ?? null,
    output: output ?? null,
    error: error?.code ?? null,
    citations: (citations ?? []).map(
      ({ item_id, topic, partition, offset }) => `${item_id} ${topic}/${partition}/${offset}`,
    ),
  }
}

/** What differs between the outcome of then and that of now; null: the replay came to none. */
export function compareOutcomes(before: ResponsePayload, after: RunOutcome | null): Difference[] {
  const then = comparable(before)
  if (after === null) return [{ field: 'status', before: then.status, after: null }]
  const now = comparable(after)
  return Object.entries(then).flatMap(([field, value]): Difference[] => {
    const other: unknown = Object.entries(now).find(([name]) => name === field)?.[1]
    return JSON.stringify(value) === JSON.stringify(other) ? [] : [{ field, before: value, after: other }]
  })
}
