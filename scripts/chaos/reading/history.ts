import type { Stage } from '../stage.ts'
import { foldWatched } from './fold-topics.ts'

/** A claim that held when it was written. */
interface HeldClaim {
  attempt: number
  agentId: string
  runId: string
  atMs: number
  /** Its holder gave it back. */
  isReleased: boolean
}

/** What became of one task, by the clock of the log. */
export interface TaskHistory {
  askedMs: number | null
  /** In log order. */
  claims: HeldClaim[]
  endedMs: number | null
  outcomeRunId: string | null
}

/** The claims that held and when, of every task: read from the topics after a run. */
export async function readHistory({ log, scope, partitions }: Stage): Promise<Map<string, TaskHistory>> {
  const histories = new Map<string, TaskHistory>()
  await foldWatched({
    log,
    scope,
    partitions,
    onRecord({ timestampMs }, before, after) {
      const history = histories.get(after.taskId) ?? newHistory()
      histories.set(after.taskId, history)
      if (after.requests.length > before.requests.length) history.askedMs ??= timestampMs
      if (after.claim && after.claim.runId !== before.claim?.runId)
        history.claims.push({ ...after.claim, atMs: timestampMs, isReleased: false })
      const holder = history.claims.at(-1)
      if (holder && after.released !== null && before.released === null) holder.isReleased = true
      if (after.outcome && !before.outcome) {
        history.endedMs = timestampMs
        history.outcomeRunId = after.outcome.runId
      }
    },
  })
  return histories
}

function newHistory(): TaskHistory {
  return { askedMs: null, claims: [], endedMs: null, outcomeRunId: null }
}

/** How long each task waited for its first claim, ms. */
export function waitsOf(histories: Iterable<TaskHistory>): number[] {
  return [...histories].flatMap(({ askedMs, claims: [first] }) =>
    askedMs === null || !first ? [] : [first.atMs - askedMs],
  )
}

/** Claims that held although their task had an outcome already, by the clock of the log. */
export function claimsAfterOutcome(histories: Iterable<TaskHistory>): number {
  return [...histories].reduce(
    (sum, { claims, endedMs }) => sum + claims.filter(({ atMs }) => endedMs !== null && atMs > endedMs).length,
    0,
  )
}
