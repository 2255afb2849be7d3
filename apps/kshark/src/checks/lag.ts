import { formatAge } from '../age.ts'
import { failed, ok, type Verdict, warning } from '../finding.ts'
import type { TopicLag } from '../probes/measure-lag.ts'

/** A reader and what it has not read. */
export interface LagSeen {
  name: string
  topics: readonly TopicLag[]
  /** null: cannot be seen, or it has none by nature. */
  members: readonly string[] | null
  /** Topics whose tasks nobody else takes. */
  serves: ReadonlySet<string>
}

/** From here on somebody should look. */
const LONG_MS = 30_000
/** From here on whoever asked has given up. */
const TOO_LONG_MS = 10 * 60_000

/** Judges what waits: for a reader whose tasks nobody else takes it is a fault, for others a hint. */
export function judgeLag({ name, topics, members, serves }: LagSeen): Verdict {
  const seen = [describeMembers(members), ...topics.map(describeTopic)].filter(Boolean).join('; ')
  const waiting = topics.filter(({ lag }) => lag > 0)
  const needed = waiting.filter(({ topic }) => serves.has(topic))
  const lost = topics.filter((topic) => topic.lost > 0)
  const start = 'Start its members.'
  const look =
    'See why it is slow: its log, and whether there are more tasks than it can do. Add members up to the partitions.'
  if (lost.some(({ topic }) => serves.has(topic))) {
    const advice = 'Tasks were deleted unread: let it run all the time, or ask again.'
    return failed(name, seen, { advice, fault: 'group' })
  }
  if (members?.length === 0 && needed.length > 0) return failed(name, seen, { advice: start, fault: 'group' })
  if (needed.some(({ oldestMs }) => (oldestMs ?? 0) >= TOO_LONG_MS)) {
    return failed(name, seen, { advice: look, fault: 'group' })
  }
  if (members?.length === 0 && waiting.length > 0) return warning(name, seen, start)
  if (lost.length > 0) return warning(name, seen, 'Records were deleted before it read them.')
  if (waiting.some(({ oldestMs }) => (oldestMs ?? 0) >= LONG_MS)) return warning(name, seen, look)
  return ok(name, seen)
}

function describeMembers(members: readonly string[] | null): string {
  if (members === null) return ''
  const names = [...new Set(members)].join(', ')
  return `${members.length} ${members.length === 1 ? 'member' : 'members'}${names ? ` (${names})` : ''}`
}

function describeTopic({ topic, lag, lost, oldestMs }: TopicLag): string {
  const age = oldestMs === null ? '' : `, the oldest waits ${formatAge(oldestMs)}`
  const gone = lost > 0 ? `, ${lost} deleted unread` : ''
  return `${topic} lag ${lag}${age}${gone}`
}
