import { AppError, type Envelope, type ErrorCode, formatPlace, type RawRecord, topicName } from '@kafclaw/envelope'
import type { Reader, ReaderEvent, ReaderLag } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import { beatTimeoutMs, createBoot } from '@kafclaw/tasks'
import type { Logger } from '@kafclaw/telemetry'
import { composeBeat } from './beat-record.ts'
import { startAtBookmark } from './fresh-start.ts'
import { createGroupOffsets } from './group-offsets.ts'
import { createGroupState } from './group-state.ts'
import { awaitGroup, isReadFromStart, memberTopics, skillTopics } from './group-topics.ts'
import { type GroupView, viewGroup } from './group-view.ts'
import { createHeartbeat, type Heartbeat, type HeartbeatOptions } from './heartbeat.ts'
import { createJournalEnds } from './journal-ends.ts'
import { createMemberCore, type MemberOptions } from './member-core.ts'
import { observeMember } from './member-gauges.ts'
import { createOpenTaskLimit } from './open-task-limit.ts'
import { createReadinessBoard, type Readiness, type ReadinessBoard } from './readiness.ts'
import { keepRetention } from './retention.ts'
import type { NewRecord } from './sender.ts'

export type MemberEnd =
  | { reason: 'stopped' }
  | { reason: 'abandoned' }
  /** A newer boot of the same agent id runs elsewhere. */
  | { reason: 'replaced'; host: string | null; boot: number }
  | { reason: 'failed'; error: AppError }

/** A native service of a group: it reads its topics whole, folds them into its own SQLite, claims, runs and answers. */
export interface Member {
  readiness(): Readiness
  whenReady(): Promise<void>
  readonly ended: Promise<MemberEnd>
  /** Stores a record to be sent; resolves with its envelope when it has been committed. */
  send(fields: NewRecord): Promise<Envelope>
  /** Stores a dead letter of a record that was met by a reader beside the member. */
  deadLetter(record: RawRecord, why: { code: ErrorCode; reason: string }): Promise<void>
  /** The agents of the zone, with whether each is live by the clock of the log. */
  agents(): Array<{ agentId: string; isLive: boolean }>
  /** What the log says of the zone, as this member has folded it. */
  readonly view: GroupView
  /** Stops claiming, lets steps end, gives tasks back, sends the outbox and closes. At most 25 s. */
  stop(): Promise<void>
  /** Ends at once and without a word, as a killed process does: what was committed stays, nothing else is sent. */
  abandon(): Promise<void>
}

const STOP_MS = 25_000
const RUN_GRACE_MS = 18_000
const NEW_TOPICS_MS = 30_000

/** Starts at once; `whenReady` tells when it takes tasks, `ended` why it does no more. */
export function createMember(options: MemberOptions): Member {
  const { env, logger, log } = options
  const scope = { group: options.group, zone: options.zone }
  const skillNames = options.readsAllSkills ? 'all' : options.skills.map(({ name }) => name)
  const stopping = new AbortController()
  const ended = Promise.withResolvers<MemberEnd>()
  const group = createGroupState(options.zone)
  const boot = createBoot(env.newId())
  const board = createBoard(logger)
  const knownSkillTopics = new Set<string>()
  const journalEnds = createJournalEnds(log, topicName(scope, 'traces'))
  /** What the last boot left is queued and the partitions are known: before that nothing may be sent from outside. */
  const canSend = Promise.withResolvers<void>()
  canSend.promise.catch(() => undefined)
  let reader: Reader | null = null
  let confirmed = false
  let leaving = false

  const heartbeat = openHeartbeat(options, {
    leaseMs: group.leaseMs,
    compose: () => composeBeat(options, { boot, isLeaving: leaving, free: core.runs.slots.free() }),
    onUnread: (detail) => board.set('heartbeat', false, detail),
  })

  const core = createMemberCore(options, {
    group,
    boot,
    heartbeat,
    journalEnds,
    signal: stopping.signal,
    mayClaim: () => confirmed && !leaving,
    onBeat: readBeat,
    onForeignLog: refuseForeignLog,
    onStorageTrouble(error) {
      core.events.storageTrouble(error)
      board.set('storage', error === null, error?.message ?? 'the database takes writes')
    },
    skillTopic: (skill) => (knownSkillTopics.has(topicName(scope, 'skill_requests', skill)) ? skill : undefined),
  })
  const lag = (): ReaderLag[] => reader?.lag() ?? []
  const groupOffsets = createGroupOffsets({ ...options, ...core, scope, group, lag, times: options.groupOffsetTimes })
  observeMember(options.metrics, { env, core, groupOffsets, lag })

  function readBeat(envelope: Extract<Envelope, { type: 'announce' }>): void {
    // Whoever sent it, it has moved the clock by which deadlines pass.
    core.runs.expire(group.roster.clockMs())
    if (envelope.payload.agent_id !== options.agentId) return
    const reading = boot.read(envelope)
    switch (reading.kind) {
      case 'own': {
        const sentMs = heartbeat.readBack(envelope.id)
        if (sentMs !== null) afterOwnBeat(sentMs)
        return
      }
      case 'taken':
        heartbeat.readBack(envelope.id)
        void heartbeat.beatNow()
        return
      case 'replaced':
        replaced(reading)
        return
      case 'older':
        return
    }
  }

  function afterOwnBeat(sentMs: number): void {
    group.absence.ownBeat({ sentMs, readMs: env.monotonicMs() })
    journalEnds.refresh().catch(() => undefined)
    const first = !confirmed
    confirmed = true
    board.set('heartbeat', true, `boot ${boot.number()} stands in the log`)
    // Absences that stand in the log now, and runs of our own that nobody works on.
    core.claims.reconsider(first)
    if (first) core.duties.begin()
    if (first) groupOffsets.begin()
    noteExpired()
    options.onOwnBeat?.()
  }

  /** Tasks whose deadline the clock of the log has passed get their outcome, by rank. */
  function noteExpired(): void {
    const clockMs = group.roster.clockMs()
    const expired = [...core.tasks.open()].filter(
      ({ requests, finished }) =>
        !finished && requests.length > 0 && requests.every(({ expiresAtMs }) => expiresAtMs < clockMs),
    )
    if (expired.length === 0) return
    core.commit
      .submit(() => {
        for (const { taskId } of expired) {
          core.duties.note({ kind: 'expired', subject: taskId, place: null, code: null, reason: null })
        }
      })
      .catch(() => undefined)
  }

  function replaced(reading: { host: string | null; boot: number }): void {
    if (leaving) return
    leaving = true
    core.runs.abandon()
    logger.error(
      { boot: reading.boot, host: reading.host },
      `a newer boot of "${options.agentId}" runs on ${reading.host ?? 'another host'}; this process stops`,
    )
    void close({ reason: 'replaced', ...reading })
  }

  async function start(): Promise<void> {
    await awaitGroup({
      log,
      env,
      scope,
      group,
      signal: stopping.signal,
      async prepare() {
        await adoptCluster()
        await journalEnds.refresh()
        for (const topic of await skillTopics(log, scope, skillNames)) knownSkillTopics.add(topic)
      },
      onWait: (why) => board.set('group', false, why),
    })
    // A stop may have come meanwhile and have found no reader to close.
    if (leaving || stopping.signal.aborted) return
    board.set('group', true, 'topics and zone record are there')
    core.relay.enqueue(core.outbox.load())
    canSend.resolve()
    await read()
    watchForSkillTopics()
    keepRetention({ ...options, signal: stopping.signal })
  }

  /** Positions of another cluster mean nothing: everything folded from it goes with them. */
  async function adoptCluster(): Promise<void> {
    const clusterId = await log.clusterId()
    const known = core.positions.clusterId()
    if (known !== null && known !== clusterId) beginAnew(`the cluster is ${clusterId}, and was ${known}`)
    core.positions.setClusterId(clusterId)
  }

  function beginAnew(why: string): void {
    logger.error(`another log: ${why}; this service forgets what it had read and begins anew`)
    options.db.transaction(() => {
      core.positions.clear()
      core.tasks.clear()
      groupOffsets.clear()
    })
  }

  const limitOpenTasks = createOpenTaskLimit(logger)
  async function read(): Promise<void> {
    board.set('reader', false, 'reading up to the end of the log')
    const topics = [...memberTopics(scope), ...knownSkillTopics]
    await startAtBookmark({ ...options, scope, positions: core.positions, topics })
    // A stop may have come meanwhile and have found no reader to close.
    if (leaving || stopping.signal.aborted) return
    reader = log.read({
      topics,
      position: (topic, partition) =>
        (isReadFromStart(topic) ? null : core.positions.readFrom(topic, partition)) ?? 'start',
      async onBatch(batches) {
        await core.ingest(batches)
        limitOpenTasks(core.tasks.countOpen(), reader, [topicName(scope, 'requests'), ...knownSkillTopics])
      },
      onEvent: noteReaderEvent,
    })
    const current = reader
    current.ended.catch((error: unknown) => {
      if (reader === current) void readerDied(AppError.fromUnknown(error, 'KC_RUNTIME_BUG'))
    })
    // Of a reader that dies meanwhile, `ended` tells, and what follows from it.
    const isReading = current.caughtUp.then(
      () => true,
      () => false,
    )
    if (!(await Promise.race([isReading, aborted(stopping.signal).then(() => false)]))) return
    board.set('reader', true, 'caught up')
    if (boot.number() === 0) boot.choose()
    heartbeat.start()
  }

  async function readerDied(error: AppError): Promise<void> {
    if (error.code !== 'KC_LOG_FOREIGN') {
      logger.fatal({ err: error }, `the reader has died: ${error.message}`)
      return close({ reason: 'failed', error })
    }
    beginAnew(error.message)
    await read()
  }

  function noteReaderEvent(event: ReaderEvent): void {
    switch (event.kind) {
      case 'connected':
        board.set('reader', confirmed, confirmed ? 'reading' : 'reading up to the end of the log')
        return
      case 'disconnected':
      case 'retrying':
        board.set('reader', false, event.error.message)
        return
      case 'beyond_end':
        groupOffsets.rewound()
        board.set(
          'log',
          false,
          `${event.error.message} If that is right, go on at the end with: kafclaw topics accept ${event.topic}`,
        )
        return
      case 'corrupt_batch':
        logger.error({ ...event }, event.error.message)
        return
      case 'below_start':
      case 'unknown_topic':
        return
    }
  }

  /** A skill may get a topic of its own while we run. */
  function watchForSkillTopics(): void {
    env.setTimer(NEW_TOPICS_MS, async () => {
      if (stopping.signal.aborted) return
      try {
        const fresh = (await skillTopics(log, scope, skillNames)).filter((topic) => !knownSkillTopics.has(topic))
        if (fresh.length > 0) await reader?.addTopics(fresh)
        for (const topic of fresh) knownSkillTopics.add(topic)
      } catch (error) {
        logger.debug({ err: error }, 'new topics could not be looked up; tried again later')
      }
      watchForSkillTopics()
    })
  }

  let closing: Promise<void> | null = null
  function close(end: MemberEnd): Promise<void> {
    closing ??= closeAll(end)
    return closing
  }

  async function closeAll(end: MemberEnd): Promise<void> {
    leaving = true
    core.duties.stop()
    groupOffsets.stop()
    canSend.reject(new AppError('KC_RUNTIME_STOPPED', 'The service is stopping: nothing more is sent.'))
    const startMs = env.monotonicMs()
    if (end.reason === 'stopped') {
      await core.runs.stop(RUN_GRACE_MS)
      await core.commit.settled()
      await drainOutbox(STOP_MS - (env.monotonicMs() - startMs))
      if (confirmed) await heartbeat.beatNow()
    } else core.runs.abandon()
    await heartbeat.stop()
    const current = reader
    reader = null
    await current?.close()
    // Deletes the rows that were acknowledged last: the next boot would send them again.
    if (core.outbox.hasAcknowledged()) await core.commit.submit(() => undefined).catch(() => undefined)
    await core.commit.settled()
    stopping.abort('the service stops')
    await core.relay.stop()
    ended.resolve(end)
  }

  /** What cannot be sent in time stays in the outbox: the next boot sends it. */
  async function drainOutbox(longestMs: number): Promise<void> {
    const late = new AbortController()
    const timer = env.setTimer(Math.max(0, longestMs), () => late.abort())
    await core.relay.drained(late.signal)
    timer.cancel()
  }

  start().catch((error: unknown) => {
    if (stopping.signal.aborted) return
    void close({ reason: 'failed', error: AppError.fromUnknown(error, 'KC_RUNTIME_BUG') })
  })

  return {
    readiness: board.read,
    whenReady: board.whenReady,
    ended: ended.promise,
    agents: () => group.roster.all().map((entry) => ({ agentId: entry.agentId, isLive: group.roster.isLive(entry) })),
    view: viewGroup(group, core.tasks),
    async send(fields: NewRecord) {
      await canSend.promise
      return core.commit.submit(() => core.sender.send(fields))
    },
    async deadLetter(record, why) {
      await canSend.promise
      const place = formatPlace(record)
      await core.commit.submit(() => core.duties.note({ kind: 'dead_letter', subject: place, place, ...why }, record))
    },
    stop: () => close({ reason: 'stopped' }),
    abandon: () => close({ reason: 'abandoned' }),
  }
}

function createBoard(logger: Logger): ReadinessBoard {
  const names = ['group', 'reader', 'heartbeat', 'storage', 'log']
  const board = createReadinessBoard(names, ({ name, ok, detail }) => {
    logger[ok ? 'debug' : 'info']({ check: name, ok }, detail)
  })
  board.set('storage', true, 'the database takes writes')
  board.set('log', true, 'positions fit the log')
  return board
}

function openHeartbeat(
  options: MemberOptions,
  life: Pick<HeartbeatOptions, 'leaseMs' | 'compose' | 'onUnread'>,
): Heartbeat {
  const { env, logger, log, db } = options
  return createHeartbeat({
    env,
    logger,
    publisher: log.publisher({ lane: 'heartbeat', requestTimeoutMs: beatTimeoutMs(life.leaseMs()), retries: 0 }),
    ...life,
    proveStorage: () => writeBeat(db, env.now()),
  })
}

function writeBeat(db: Db, nowMs: number): void {
  db.transaction(() =>
    db.exec(
      `insert into meta (name, value) values ('beat', '${nowMs}') on conflict do update set value = excluded.value`,
    ),
  )
}

function refuseForeignLog(topic: string, partition: number): never {
  throw new AppError(
    'KC_LOG_FOREIGN',
    `${topic}/${partition} is another log than the one this service had read: it begins anew.`,
  )
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
