import { AppError, type Envelope, type ErrorCode, formatPlace, type RawRecord, topicName } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import { beatTimeoutMs, createBoot } from '@kafclaw/tasks'
import type { Logger } from '@kafclaw/telemetry'
import { composeBeat } from './beat-record.ts'
import { createGroupOffsets } from './group-offsets.ts'
import { createGroupState } from './group-state.ts'
import { type GroupView, viewGroup } from './group-view.ts'
import { createHeartbeat, type Heartbeat, type HeartbeatOptions } from './heartbeat.ts'
import { createJournalEnds } from './journal-ends.ts'
import { createMemberBeats } from './member-beats.ts'
import { createMemberCore, type MemberOptions } from './member-core.ts'
import { createMemberEnding } from './member-ending.ts'
import { observeMember } from './member-gauges.ts'
import { createMemberLife } from './member-life.ts'
import { createMemberReader } from './member-reader.ts'
import type { Exchange } from './outcomes.ts'
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
  /** Does `work` on the state file in its next transaction, again if that has to be; waits while nothing can be stored. */
  store<T>(work: () => T): Promise<T>
  /** What was asked and answered in a task that has ended; null when this member does not know it, or the log has it no more. */
  exchange(taskId: string, signal: AbortSignal): Promise<Exchange | null>
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

/** Starts at once; `whenReady` tells when it takes tasks, `ended` why it does no more. */
export function createMember(options: MemberOptions): Member {
  const { env, logger, log } = options
  const scope = { group: options.group, zone: options.zone }
  const life = createMemberLife()
  const group = createGroupState(options.zone, options.env)
  const boot = createBoot(env.newId())
  const board = createBoard(logger)
  const journalEnds = createJournalEnds(log, topicName(scope, 'traces'))
  const heartbeat = openHeartbeat(options, {
    leaseMs: group.leaseMs,
    compose: () => composeBeat(options, { boot, isLeaving: life.isLeaving, free: core.runs.slots.free() }),
    onUnread: (detail) => board.set('heartbeat', false, detail),
  })
  const reader = createMemberReader({
    options,
    life,
    board,
    group,
    core: () => core,
    groupOffsets: () => groupOffsets,
    onDeath: (error) => void close({ reason: 'failed', error }),
  })
  const core = createMemberCore(options, {
    group,
    boot,
    heartbeat,
    journalEnds,
    signal: life.closed.signal,
    mayClaim: () => life.isConfirmed && !life.isLeaving,
    onBeat: createMemberBeats({
      options,
      life,
      board,
      group,
      boot,
      heartbeat,
      journalEnds,
      core: () => core,
      groupOffsets: () => groupOffsets,
      onReplaced: (by) => void close({ reason: 'replaced', ...by }),
    }),
    onForeignLog: refuseForeignLog,
    onStorageTrouble(error) {
      core.events.storageTrouble(error)
      board.set('storage', error === null, error?.message ?? 'the database takes writes')
    },
    onStorageLost(error) {
      logger.fatal({ err: error }, error.message)
      void close({ reason: 'failed', error })
    },
    skillTopic: (skill) => (reader.hasSkillTopic(skill) ? skill : undefined),
  })
  const { lag } = reader
  const groupOffsets = createGroupOffsets({ ...options, ...core, scope, group, lag, times: options.groupOffsetTimes })
  const { close, ended, canSend } = createMemberEnding({ options, life, core, groupOffsets, heartbeat, reader })
  observeMember(options.metrics, { env, core, groupOffsets, lag })

  async function start(): Promise<void> {
    await reader.prepare()
    if (life.isLeaving) return
    core.runs.readAhead()
    core.relay.enqueue(core.outbox.load())
    canSend.resolve()
    keepRetention({ ...options, signal: life.closed.signal })
    // No claim before they are known; where they cannot be, the next beat asks again.
    const ends = journalEnds.refresh().catch(() => undefined)
    if (!(await reader.catchUp())) return
    await ends
    boot.choose()
    heartbeat.start()
  }

  start().catch((error: unknown) => {
    if (!life.isLeaving) void close({ reason: 'failed', error: AppError.fromUnknown(error, 'KC_RUNTIME_BUG') })
  })

  return {
    readiness: board.read,
    whenReady: board.whenReady,
    ended,
    agents: () => group.roster.all().map((entry) => ({ agentId: entry.agentId, isLive: group.roster.isLive(entry) })),
    view: viewGroup(group, core.tasks),
    async send(fields: NewRecord) {
      await canSend.promise
      return core.commit.submit(() => core.sender.send(fields))
    },
    store: core.commit.submit,
    exchange: core.exchange,
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
    publisher: log.publisher({
      lane: 'heartbeat',
      topics: [topicName(options, 'announce')],
      requestTimeoutMs: beatTimeoutMs(life.leaseMs()),
      retries: 0,
    }),
    ...life,
    proveStorage: () => writeBeat(db, env.now()),
  })
}

function writeBeat(db: Db, nowMs: number): void {
  const write = (): void =>
    db.exec(
      `insert into meta (name, value) values ('beat', '${nowMs}') on conflict do update set value = excluded.value`,
    )
  // Whether the disk takes it is asked, not whether it keeps it.
  db.transaction(write, { sync: 'later' })
}

function refuseForeignLog(topic: string, partition: number): never {
  throw new AppError(
    'KC_LOG_FOREIGN',
    `${topic}/${partition} is another log than the one this service had read: it begins anew.`,
  )
}
