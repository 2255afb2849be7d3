import { AppError, offsetGroupName } from '@kafclaw/envelope'
import type { CommittedOffset, Log } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import type { Logger } from '@kafclaw/telemetry'
import type { TopicScope } from './apply-topics.ts'
import { isReadFromStart, isSkillRequests } from './group-topics.ts'
import type { Positions } from './positions.ts'

/**
 * A service without positions begins at the zone's bookmark, where there is one, else at the beginning. A bookmark that cannot
 * be read is no reason to wait: the beginning is always right, and only slower.
 */
export async function startAtBookmark(options: {
  log: Log
  db: Db
  logger: Logger
  scope: TopicScope
  positions: Positions
  topics: readonly string[]
}): Promise<void> {
  const { log, db, logger, scope, positions } = options
  if (!positions.isEmpty()) return
  const topics = options.topics.filter((topic) => !isReadFromStart(topic))
  try {
    const found = await findBookmark(log, scope, topics)
    if (found === null) return
    db.transaction(() => {
      for (const { topic, partition, offset } of found) positions.set(topic, partition, offset)
    })
    positions.keep()
    logger.info({ offsets: found }, 'this service knows nothing yet; it begins at the bookmark of the zone')
  } catch (error) {
    positions.drop()
    const why = AppError.fromUnknown(error, 'KC_RUNTIME_BUG')
    logger.warn({ err: why }, 'the bookmark of the zone could not be read; this service begins at the beginning')
  }
}

async function findBookmark(log: Log, scope: TopicScope, topics: readonly string[]): Promise<CommittedOffset[] | null> {
  const ranges = await log.offsets(topics)
  // A new group: nothing to pass over, and a new cluster would first have to make its topic of committed offsets.
  if (ranges.every(({ end }) => end === 0)) return null
  const committed = await log.groupOffsets(offsetGroupName(scope, 'open'), topics)
  const found: CommittedOffset[] = []
  for (const { topic, partition, end } of ranges) {
    const entry = committed.find((other) => other.topic === topic && other.partition === partition)
    if (entry !== undefined && entry.offset <= end) found.push(entry)
    // A topic of a skill that is younger than the bookmark holds only requests that are younger too. Any other hole, or an
    // offset beyond the end, means that the bookmark belongs to other topics than these.
    else if (entry !== undefined || !isSkillRequests(topic)) return null
  }
  return found
}
