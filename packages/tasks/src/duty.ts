import { rankNumber } from '@kafclaw/envelope'
import { RANK_DELAY_MS } from './rank.ts'

/**
 * How long `agentId` waits before it writes what any service could write (a dead letter, an outcome of a task that nobody
 * runs, a copy home): its rank among the live announcers of the zone, by the first 8 bytes of SHA-256(`<subject>\n<agent_id>`),
 * times 150 ms. The subject is a task id, a position or a group; `first` goes before all others (the requester of a task).
 */
export function dutyDelayMs(
  subject: string,
  agentId: string,
  options: { live: readonly string[]; first?: string },
): number {
  const { live, first } = options
  if (agentId === first) return 0
  const mine = rankNumber([subject, agentId])
  let rank = first !== undefined && live.includes(first) ? 1 : 0
  for (const other of live) {
    if (other !== agentId && other !== first && rankNumber([subject, other]) < mine) rank++
  }
  return rank * RANK_DELAY_MS
}
