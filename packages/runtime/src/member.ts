import { hostname } from 'node:os'
import {
  AppError,
  createEnvelope,
  type Envelope,
  type ErrorCode,
  formatPlace,
  type RawRecord,
  topicName,
} from '@kafclaw/envelope'
import type { Reader, ReaderEvent } from '@kafclaw/kafka'
import { deleteFinished } from '@kafclaw/storage'
import { type BootName, beatTimeoutMs, createBoot, type RosterEntry } from '@kafclaw/tasks'
import { createGroupState } from './group-state.ts'
import { awaitGroup, isReadFromStart, memberTopics, skillTopics } from './group-topics.ts'
import { createHeartbeat } from './heartbeat.ts'
import { createJournalEnds } from './journal-ends.ts'
import { createMemberCore, type MemberOptions } from './member-core.ts'
import { observeMember } from './member-gauges.ts'
import { createReadinessBoard, type Readiness } from './readiness.ts'
import { type NewRecord, toOutgoing } from './sender.ts'
import type { StoredTask } from './task-store.ts'

/** The zone as a member sees it; in memory, up to date as of the last commit. */
export interface GroupView {
  openTasks(): Iterable<StoredTask>
  /** Agents and services whose last beat is younger than a lease by the clock of the log. */
  live(): RosterEntry[]
  isAbsent(other: BootName): boolean
  isServedByGroup(skill: string): boolean
  leaseMs(): number
  /** Epoch milliseconds by the clock of the log. */
  clockMs(): number
}

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
/** About 2 KB of memory each. */
const MOST_OPEN_TASKS = 50_000
const NEW_TOPICS_MS = 30_000
const RETENTION_EVERY_MS = 3_600_000
const RETENTION_PAUSE_MS = 50
const DAY_MS = 86_400_000

/** Starts at once; `whenReady` tells when it takes tasks, `ended` why it does no more. */
export function createMember(options: MemberOptions): Member {
  const { env, logger, log } = options
  const scope = { group: options.group, zone: options.zone }
  const skillNames = options.readsAllSkills ? 'all' : options.skills.map(({ name }) => name)
  const stopping = new AbortController()
  const ended = Promise.withResolvers<MemberEnd>()
  const group = createGroupState(options.zone)
  const boot = createBoot(env.newId())
  const board = createReadinessBoard(['group', 'reader', 'heartbeat', 'storage', 'log'], ({ name, ok, detail }) => {
    logger[ok ? 'debug' : 'info']({ check: name, ok }, detail)
  })
  board.set('storage', true, 'the database takes writes')
  board.set('log', true, 'positions fit the log')
  const knownSkillTopics = new Set<string>()
  const journalEnds = createJournalEnds(log, topicName(scope, 'traces'))
  /** What the last boot left is queued and the partitions are known: before that nothing may be sent from outside. */
  const canSend = Promise.withResolvers<void>()
  canSend.promise.catch(() => undefined)
  let reader: Reader | null = null
  let confirmed = false
  let leaving = false

  const heartbeat = createHeartbeat({
    env,
    logger,
    publisher: log.publisher({ lane: 'heartbeat', requestTimeoutMs: beatTimeoutMs(group.leaseMs()), retries: 0 }),
    leaseMs: group.leaseMs,
    compose,
    proveStorage: () =>
      void options.db.transaction(() =>
        options.db.exec(
          `insert into meta (name, value) values ('beat', '${env.now()}') on conflict do update set value = excluded.value`,
        ),
      ),
  })

  const core = createMemberCore(options, {
    group,
    boot,
    heartbeat,
    journalEnds,
    signal: stopping.signal,
    mayClaim: () => confirmed && !leaving,
    onBeat: readBeat,
    onForeignLog(topic, partition) {
      throw new AppError(
        'KC_LOG_FOREIGN',
        `${topic}/${partition} is another log than the one this service had read: it begins anew.`,
      )
    },
    onStorageTrouble(error) {
      core.events.storageTrouble(error)
      board.set('storage', error === null, error?.message ?? 'the database takes writes')
    },
    skillTopic: (skill) => (knownSkillTopics.has(topicName(scope, 'skill_requests', skill)) ? skill : undefined),
  })
  observeMember(options.metrics, { env, core, lag: () => reader?.lag() ?? [] })

  function compose() {
    const envelope = createEnvelope(
      {
        type: 'announce',
        ...scope,
        sender_id: options.agentId,
        payload: {
          agent_id: options.agentId,
          boot_id: boot.id,
          boot: boot.number(),
          status: leaving ? 'leaving' : 'live',
          role: options.role,
          skills: options.skills,
          capacity: options.capacity,
          free: core.runs.slots.free(),
          protocol_level: 3,
          version: options.version,
          host: hostname(),
        },
      },
      { id: env.newId(), nowMs: env.now() },
    )
    return { id: envelope.id, record: toOutgoing(envelope, { partitions: 1 }) }
  }

  function readBeat(envelope: Extract<Envelope, { type: 'announce' }>): void {
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
    core.runs.expire(group.roster.clockMs())
    journalEnds.refresh().catch(() => undefined)
    const first = !confirmed
    confirmed = true
    if (first) board.set('heartbeat', true, `boot ${boot.number()} stands in the log`)
    // Absences that stand in the log now, and runs of our own that nobody works on.
    core.claims.reconsider(first)
    if (first) core.duties.begin()
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
    deleteOld()
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
    })
  }

  async function read(): Promise<void> {
    board.set('reader', false, 'reading up to the end of the log')
    reader = log.read({
      topics: [...memberTopics(scope), ...knownSkillTopics],
      position(topic, partition) {
        const next = isReadFromStart(topic) ? null : core.positions.next(topic, partition)
        // One record early: it tells whether the log is still the one that was read.
        return next === null ? 'start' : Math.max(0, next - 1)
      },
      async onBatch(batches) {
        await core.ingest(batches)
        limitOpenTasks()
      },
      onEvent: noteReaderEvent,
    })
    const current = reader
    current.ended.catch((error: unknown) => {
      if (reader === current) void readerDied(AppError.fromUnknown(error, 'KC_RUNTIME_BUG'))
    })
    await Promise.race([current.caughtUp, aborted(stopping.signal)])
    if (stopping.signal.aborted) return
    board.set('reader', true, 'caught up')
    if (boot.number() === 0) boot.choose()
    heartbeat.start()
  }

  /** With too many open tasks in the house no more are fetched: the lag stays in Kafka, where it can be seen. */
  let holding = false
  function limitOpenTasks(): void {
    const open = core.tasks.countOpen()
    const topics = [topicName(scope, 'requests'), ...knownSkillTopics]
    if (!holding && open > MOST_OPEN_TASKS) reader?.pause(topics)
    else if (holding && open < MOST_OPEN_TASKS / 2) reader?.resume(topics)
    else return
    holding = !holding
    logger.info(
      { open, holding },
      holding ? 'too many open tasks: no more requests are fetched for now' : 'requests are fetched again',
    )
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

  function deleteOld(): void {
    if (stopping.signal.aborted) return
    try {
      // In bounded pieces, so that reading and claiming do not wait for it.
      const { more } = deleteFinished(options.db, options.retentionDays * DAY_MS, env.now())
      if (more) return void env.setTimer(RETENTION_PAUSE_MS, deleteOld)
    } catch (error) {
      logger.warn({ err: error }, 'old tasks could not be deleted; tried again in an hour')
    }
    env.setTimer(RETENTION_EVERY_MS, deleteOld)
  }

  let closing: Promise<void> | null = null
  function close(end: MemberEnd): Promise<void> {
    closing ??= closeAll(end)
    return closing
  }

  async function closeAll(end: MemberEnd): Promise<void> {
    leaving = true
    core.duties.stop()
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
    view: {
      openTasks: () => core.tasks.open(),
      live: () => group.roster.live(),
      isAbsent: (other) => group.absence.isAbsent(other),
      isServedByGroup: group.isServedByGroup,
      leaseMs: group.leaseMs,
      clockMs: () => group.roster.clockMs(),
    },
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

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
