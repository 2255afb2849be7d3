import { orAborted } from '@kafclaw/env'
import { AppError, topicName } from '@kafclaw/envelope'
import type { Reader, ReaderEvent, ReaderLag } from '@kafclaw/kafka'
import { startAtBookmark } from './fresh-start.ts'
import type { GroupOffsets } from './group-offsets.ts'
import type { GroupState } from './group-state.ts'
import { awaitGroup, isReadFromStart, memberTopics, skillTopics } from './group-topics.ts'
import type { MemberCore, MemberOptions } from './member-core.ts'
import type { MemberLife } from './member-life.ts'
import { newestRecords } from './newest-records.ts'
import { createOpenTaskLimit } from './open-task-limit.ts'
import type { ReadinessBoard } from './readiness.ts'

const NEW_TOPICS_MS = 30_000

/** The reading of a member: waits for its group, reads on from its positions, begins anew on another log. */
export interface MemberReader {
  /** Resolves when the group is there and the outbox of the last boot may be sent; reading has not begun yet. */
  prepare(): Promise<void>
  /** Reads up to the end of the log as it is now; resolves with false when it was closed or died before. */
  catchUp(): Promise<boolean>
  lag(): ReaderLag[]
  hasSkillTopic(skill: string): boolean
  close(): Promise<void>
}

export interface MemberReaderOptions {
  options: MemberOptions
  life: MemberLife
  board: ReadinessBoard
  group: GroupState
  core(): MemberCore
  groupOffsets(): GroupOffsets
  /** The reader of a log that cannot be read on. */
  onDeath(error: AppError): void
}

export function createMemberReader(parts: MemberReaderOptions): MemberReader {
  const { options, life, board } = parts
  const { env, logger, log } = options
  const scope = { group: options.group, zone: options.zone }
  const skills = options.readsAllSkills ? 'all' : options.skills.map(({ name }) => name)
  const knownSkillTopics = new Set<string>()
  const limitOpenTasks = createOpenTaskLimit(logger)
  const requestTopics = (): string[] => [topicName(scope, 'requests'), ...knownSkillTopics]
  const isOver = (): boolean => life.isLeaving || life.closed.signal.aborted
  let reader: Reader | null = null
  let isCaughtUp = false

  /** Positions of another cluster mean nothing: everything folded from it goes with them. */
  function adoptCluster(clusterId: string): void {
    const { positions } = parts.core()
    const known = positions.clusterId()
    if (known !== null && known !== clusterId) beginAnew(`the cluster is ${clusterId}, and was ${known}`)
    positions.setClusterId(clusterId)
  }

  function beginAnew(why: string): void {
    logger.error(`another log: ${why}; this service forgets what it had read and begins anew`)
    options.db.transaction(() => {
      parts.core().positions.clear()
      parts.core().tasks.clear()
      parts.groupOffsets().clear()
    })
  }

  async function catchUp(): Promise<boolean> {
    const { ingest, positions, tasks, claims } = parts.core()
    isCaughtUp = false
    board.set('reader', false, 'reading up to the end of the log')
    const topics = [...memberTopics(scope), ...knownSkillTopics]
    await startAtBookmark({ ...options, scope, positions, topics })
    // A stop may have come meanwhile and have found no reader to close.
    if (isOver()) return false
    const current = log.read({
      topics,
      position: (topic, partition) => (isReadFromStart(topic) ? null : positions.readFrom(topic, partition)) ?? 'start',
      async onBatch(batches) {
        // Until then only the newest beats and settings matter: of what lies behind them the group has seen all.
        await ingest(isCaughtUp ? batches : newestRecords(batches))
        limitOpenTasks({ open: tasks.countOpen(), waiting: claims.waiting() }, reader, requestTopics())
      },
      onEvent: (event) => noteReaderEvent(event, { ...parts, isCaughtUp }),
    })
    reader = current
    const death = current.ended.then(
      () => false,
      (error: unknown) => died(current, AppError.fromUnknown(error, 'KC_RUNTIME_BUG')),
    )
    const caughtUp = current.caughtUp.then(
      () => true,
      () => death,
    )
    if (!(await orAborted(Promise.race([caughtUp, death]), life.closed.signal))) return false
    isCaughtUp = true
    board.set('reader', true, 'caught up')
    return true
  }

  /** On another log reading begins anew; of anything else the member dies. */
  async function died(dead: Reader, error: AppError): Promise<boolean> {
    if (reader !== dead) return false
    if (error.code === 'KC_LOG_FOREIGN') {
      beginAnew(error.message)
      return catchUp()
    }
    logger.fatal({ err: error }, `the reader has died: ${error.message}`)
    parts.onDeath(error)
    return false
  }

  /** A skill may get a topic of its own while we run. */
  function watchForSkillTopics(): void {
    env.setTimer(NEW_TOPICS_MS, async () => {
      if (isOver()) return
      try {
        const fresh = (await skillTopics(log, scope, skills)).filter((topic) => !knownSkillTopics.has(topic))
        if (fresh.length > 0) await reader?.addTopics(fresh)
        for (const topic of fresh) knownSkillTopics.add(topic)
      } catch (error) {
        logger.debug({ err: error }, 'new topics could not be looked up; tried again later')
      }
      watchForSkillTopics()
    })
  }

  return {
    async prepare() {
      await awaitGroup({
        log,
        env,
        scope,
        group: parts.group,
        signal: life.closed.signal,
        skills,
        onCluster: adoptCluster,
        skillTopics: knownSkillTopics,
        onWait: (why) => board.set('group', false, why),
      })
      if (isOver()) return
      board.set('group', true, 'topics and zone record are there')
      watchForSkillTopics()
    },
    catchUp,
    lag: () => reader?.lag() ?? [],
    hasSkillTopic: (skill) => knownSkillTopics.has(topicName(scope, 'skill_requests', skill)),
    async close() {
      const current = reader
      reader = null
      await current?.close()
    },
  }
}

/** What happens to the reader shows on `readyz`. */
function noteReaderEvent(
  event: ReaderEvent,
  {
    options,
    board,
    groupOffsets,
    isCaughtUp,
  }: Pick<MemberReaderOptions, 'options' | 'board' | 'groupOffsets'> & { isCaughtUp: boolean },
): void {
  switch (event.kind) {
    case 'connected':
      // A broker that leads nothing yet may be reached long after the others.
      board.set('reader', isCaughtUp, isCaughtUp ? 'reading' : 'reading up to the end of the log')
      return
    case 'disconnected':
    case 'retrying':
      board.set('reader', false, event.error.message)
      return
    case 'beyond_end': {
      groupOffsets().rewound()
      const advice = `If that is right, go on at the end with: kafclaw topics accept ${event.topic}`
      board.set('log', false, `${event.error.message} ${advice}`)
      return
    }
    case 'corrupt_batch':
      options.logger.error({ ...event }, event.error.message)
      return
    case 'below_start':
    case 'unknown_topic':
      return
  }
}
