import { rankNumber } from '@kafclaw/envelope'

/** What ranking needs to know of an agent that could take the task. */
export interface Candidate {
  agentId: string
  /** An agent without a free slot stands behind all that have one. */
  free: number
}

/** Milliseconds that each rank waits longer than the one before. */
export const RANK_DELAY_MS = 150

/**
 * The place of `agentId` among the candidates for this attempt, 0 = first: agents with free slots first, then by the first
 * 8 bytes of SHA-256(`<task_id>\n<attempt>\n<agent_id>`), ascending (docs/wire.md, Who runs a task).
 * An agent that is not among the candidates stands behind all of them.
 */
export function rankOf(
  task: { taskId: string; attempt: number },
  agentId: string,
  candidates: readonly Candidate[],
): number {
  const me = candidates.find((candidate) => candidate.agentId === agentId)
  if (!me) return candidates.length
  if (candidates.length === 1) return 0
  const number = (id: string): bigint => rankNumber([task.taskId, String(task.attempt), id])
  const mine = number(agentId)
  let before = 0
  for (const other of candidates) {
    if (other.agentId === agentId) continue
    if (other.free > 0 !== me.free > 0) before += other.free > 0 ? 1 : 0
    else if (number(other.agentId) < mine) before++
  }
  return before
}
