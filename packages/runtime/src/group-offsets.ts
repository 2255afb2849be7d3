import type { Env, Timer } from '@kafclaw/env'
import { AppError, offsetGroupName, parseTimestamp } from '@kafclaw/envelope'
import type { CommittedOffset, Log, ReaderLag } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import type { Logger } from '@kafclaw/telemetry'
import type { TopicScope } from './apply-topics.ts'
import { createBookmarks } from './bookmark.ts'
import { holdsDuty } from './duty-holder.ts'
import { firstRequests, unclaimed } from './first-requests.ts'
import type { GroupState } from './group-state.ts'
import { isReadFromStart, isRequestTopic, memberTopics, skillTopics } from './group-topics.ts'
import type { TaskStore } from './task-store.ts'

/** How often offsets are noted and committed, milliseconds. */
export interface GroupOffsetTimes {
  bookmarkMs: number
  workMs: number
}

const TIMES: GroupOffsetTimes = { bookmarkMs: 60_000, workMs: 5_000 }

/**
 * What the services of a zone commit under two names of consumer groups, one of them for all: the bookmark for newcomers, and
 * the first request that nobody has taken, for tools outside that know consumer lag (docs/topics.md, Names of consumer groups).
 */
export interface GroupOffsets {
  /** The reader has caught up and the roster is known. */
  begin(): void
  stop(): void
  /** The log is another one: nothing that was noted or committed is about it. */
  clear(): void
  /** A topic ends before a position: what was noted of it means nothing, and neither does a bookmark beyond its end. */
  rewound(): void
  /** Seconds, by the clock of the log; 0 where all is claimed, and on services whose duty it is not. */
  oldestUnclaimedSeconds(): number
}

export interface GroupOffsetOptions {
  env: Env
  db: Db
  log: Log
  logger: Logger
  scope: TopicScope
  agentId: string
  group: GroupState
  tasks: TaskStore
  lag(): readonly ReaderLag[]
  times?: GroupOffsetTimes | undefined
}

export function createGroupOffsets(options: GroupOffsetOptions): GroupOffsets {
  const { env, log, logger, scope, group, tasks } = options
  const bookmarks = createBookmarks({ ...options, now: env.now })
  const openGroup = offsetGroupName(scope, 'open')
  const workGroup = offsetGroupName(scope, 'work')
  const committed = new Map<string, string>()
  const timers = new Map<string, Timer>()
  const reportTrouble = createTroubleReport(logger)
  let isStopped = false

  function isMine(groupName: string): boolean {
    const zone = { live: group.roster.live(), skillTopics: bookmarks.skillTopics() }
    return !isStopped && holdsDuty(groupName, options.agentId, zone)
  }

  function report(name: string, error: unknown): void {
    if (!isStopped) reportTrouble(name, AppError.fromUnknown(error, 'KC_RUNTIME_BUG'))
  }

  function every(delayMs: number, name: string, work: () => Promise<void>): void {
    if (isStopped) return
    work()
      .catch((error: unknown) => report(name, error))
      .finally(() => {
        if (!isStopped)
          timers.set(
            name,
            env.setTimer(delayMs, () => every(delayMs, name, work)),
          )
      })
  }

  async function commit(groupName: string, offsets: readonly CommittedOffset[]): Promise<void> {
    const text = JSON.stringify(offsets)
    if (offsets.length === 0 || committed.get(groupName) === text) return
    await log.commitGroupOffsets(groupName, offsets)
    committed.set(groupName, text)
  }

  async function openNewest(): Promise<void> {
    await bookmarks.note()
    if (!isMine(openGroup)) return
    const bookmark = bookmarks.newestOver(group.roster.clockMs())
    if (bookmark === null || committed.get(openGroup) === JSON.stringify(bookmark.offsets)) return
    if (await isNewer(bookmark.offsets)) await commit(openGroup, bookmark.offsets)
  }

  /** Another service may have committed a later one. */
  async function isNewer(offsets: readonly CommittedOffset[]): Promise<boolean> {
    const topics = [...new Set(offsets.map(({ topic }) => topic))]
    const [others, ranges] = await Promise.all([log.groupOffsets(openGroup, topics), log.offsets(topics)])
    return offsets.every((mine) => {
      const end = find(ranges, mine)?.end ?? 0
      const other = find(others, mine)?.offset ?? 0
      return mine.offset <= end && (other <= mine.offset || other > end)
    })
  }

  /** The topic will grow past a bookmark that lies beyond its end now, and newcomers would pass over what is asked until then. */
  async function withdraw(): Promise<void> {
    const topics = [...memberTopics(scope), ...(await skillTopics(log, scope, 'all'))].filter(
      (t) => !isReadFromStart(t),
    )
    const [others, ranges] = await Promise.all([log.groupOffsets(openGroup, topics), log.offsets(topics)])
    if (others.every((other) => other.offset <= (find(ranges, other)?.end ?? 0))) return
    await log.commitGroupOffsets(
      openGroup,
      ranges.map(({ topic, partition, start }) => ({ topic, partition, offset: start })),
    )
  }

  /** What this service has not read yet is not claimed, as far as anybody knows. */
  async function commitWork(): Promise<void> {
    if (!isMine(workGroup)) return
    const first = firstRequests(unclaimed(tasks.open()))
    const positions = options.lag().filter(({ topic }) => isRequestTopic(topic))
    await commit(
      workGroup,
      positions.map(({ topic, partition, position }) => ({
        topic,
        partition,
        offset: first.get(`${topic}/${partition}`)?.offset ?? position,
      })),
    )
  }

  function clear(): void {
    bookmarks.clear()
    committed.clear()
  }

  return {
    begin() {
      const { bookmarkMs, workMs } = options.times ?? TIMES
      every(bookmarkMs, openGroup, openNewest)
      every(workMs, workGroup, commitWork)
    },
    clear,
    rewound() {
      clear()
      withdraw().catch((error: unknown) => report(openGroup, error))
    },
    stop() {
      isStopped = true
      for (const timer of timers.values()) timer.cancel()
    },
    oldestUnclaimedSeconds() {
      if (!isMine(workGroup)) return 0
      let oldestMs = group.roster.clockMs()
      for (const { taskId, place } of firstRequests(unclaimed(tasks.open())).values()) {
        const askedMs = parseTimestamp(tasks.requestAt(taskId, place)?.timestamp ?? '')
        if (askedMs !== null) oldestMs = Math.min(oldestMs, askedMs)
      }
      return (group.roster.clockMs() - oldestMs) / 1000
    },
  }
}

/** Once per name and kind of trouble: nothing of the group's own work depends on these offsets. */
function createTroubleReport(logger: Logger) {
  const reported = new Set<string>()
  return function report(name: string, error: AppError): void {
    const kind = `${name} ${error.code}`
    const line = { err: error, consumerGroup: name }
    if (reported.has(kind)) logger.debug(line, 'offsets for the outside could not be committed')
    else logger.warn(line, `offsets of ${name} could not be committed; tried again, said only once: ${error.message}`)
    reported.add(kind)
  }
}

function find<T extends { topic: string; partition: number }>(list: readonly T[], at: CommittedOffset): T | undefined {
  return list.find(({ topic, partition }) => topic === at.topic && partition === at.partition)
}
