import { type Candidate, type RosterEntry, rankOf } from '@kafclaw/tasks'

/** The agent for a task: it has the skill, is live, and has the most free slots; equals are told apart by rank. Null when nobody has a free slot. */
export function chooseAgent(options: {
  taskId: string
  attempt: number
  skill: string
  live: readonly RosterEntry[]
  /** Open tasks that the agent holds or has been assigned. */
  loadOf(agentId: string): number
  notFirst?: string
}): string | null {
  const { live, skill, loadOf, notFirst } = options
  const able: Candidate[] = live
    .filter(({ manifest }) => manifest.role === 'agent' && manifest.skills.some(({ name }) => name === skill))
    .map(({ agentId, manifest }) => ({ agentId, free: (manifest.capacity ?? 1) - loadOf(agentId) }))
    .filter(({ free }) => free > 0)
  const others = able.filter(({ agentId }) => agentId !== notFirst)
  const choice = others.length > 0 ? others : able
  const most = Math.max(...choice.map(({ free }) => free))
  const best = choice.filter(({ free }) => free === most)
  return best.find(({ agentId }) => rankOf(options, agentId, best) === 0)?.agentId ?? null
}
