import type { Env } from '@kafclaw/env'
import {
  AppError,
  type Envelope,
  type NewPayloads,
  type RawRecord,
  type ResponseEnvelope,
  type TopicKind,
  topicName,
} from '@kafclaw/envelope'
import type { Log } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import { type Boot, type Claimant, homePartition } from '@kafclaw/tasks'
import type { Logger, Metrics } from '@kafclaw/telemetry'
import { createClaimWriter } from './claim-writer.ts'
import { type Claims, createClaims } from './claims.ts'
import { createCommitHooks } from './commit-hooks.ts'
import { createDuties, type Duties } from './duties.ts'
import { createRecordFold } from './fold-record.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import type { GroupOffsetTimes } from './group-offsets.ts'
import type { GroupState } from './group-state.ts'
import type { Heartbeat } from './heartbeat.ts'
import { createIngest, type Ingest } from './ingest.ts'
import { createApprovals } from './journal/approvals.ts'
import { createJournalReader } from './journal/journal-reader.ts'
import { ALL_RULES, type JournalRules } from './journal/journal-rules.ts'
import { createSettleDoubt } from './journal/settle-doubt.ts'
import type { JournalEnds } from './journal-ends.ts'
import { createMemberEvents, type MemberEvents } from './member-events.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createOutboxRelay, type OutboxRelay } from './outbox-relay.ts'
import { createOutboxSweep } from './outbox-sweep.ts'
import { createOutcomes, type Outcomes } from './outcomes.ts'
import { createOwnRecords } from './own-records.ts'
import { createPositions, type Positions } from './positions.ts'
import { createRefusal, type Refusal } from './refused-records.ts'
import type { RunHandler } from './run.ts'
import { createRuns, type Runs } from './runs.ts'
import { createSender, type Sender } from './sender.ts'
import { createTaskStore, type StoredTask, type TaskStore } from './task-store.ts'
import { createTimeline } from './timeline.ts'
import { createTransactor } from './transactor.ts'

export interface MemberOptions {
  env: Env
  logger: Logger
  metrics: Metrics
  log: Log
  /** The state file of this service, of its own; nobody else writes it. */
  db: Db
  group: string
  zone: string
  /** The id under which it announces itself, claims and answers. */
  agentId: string
  role: 'agent' | 'orchestrator' | 'indexer' | 'audit'
  skills: NonNullable<NewPayloads['announce']['skills']>
  /** Runs at once. */
  capacity: number
  handler: RunHandler
  version: string
  retentionDays: number
  /** Reads the topics of all skills of the zone, not only of its own. */
  readsAllSkills?: boolean
  /** For tests, which cannot wait for minutes. */
  groupOffsetTimes?: GroupOffsetTimes
  /** For tests, which switch rules off to see what they are for. */
  journalRules?: Partial<JournalRules>
  /** Hears, after each commit, of the tasks that changed. */
  onTasks?(changed: readonly StoredTask[]): void
  /** Hears of each beat of its own that was read back: the clock of its zone has moved. */
  onOwnBeat?(): void
}

/** The parts of a member that live on its database, wired; the life cycle stands in member.ts. */
export interface MemberCore {
  events: MemberEvents
  commit: GroupCommit
  ingest: Ingest
  sender: Sender
  tasks: TaskStore
  outbox: Outbox
  relay: OutboxRelay
  positions: Positions
  runs: Runs
  claims: Claims
  duties: Duties
  exchange: Outcomes['exchange']
  /** Ends what is read for single runs. */
  closeReaders(): Promise<void>
}

/** What the life cycle lends to the parts. */
export interface MemberLinks {
  group: GroupState
  boot: Boot
  heartbeat: Heartbeat
  journalEnds: JournalEnds
  signal: AbortSignal
  mayClaim(): boolean
  onBeat(envelope: Extract<Envelope, { type: 'announce' }>, record: RawRecord): void
  onForeignLog(topic: string, partition: number): void
  onStorageTrouble(error: AppError | null): void
  /** The disk has failed: what it has kept cannot be told. */
  onStorageLost(error: AppError): void
  skillTopic(skill: string): string | undefined
}

/** What the parts are made from. */
interface Making {
  options: MemberOptions
  links: MemberLinks
  files: ReturnType<typeof openFiles>
  commit: GroupCommit
  refusal: Refusal
}

export function createMemberCore(options: MemberOptions, links: MemberLinks): MemberCore {
  const files = openFiles(options, links)
  const transactor = createTransactor({ db: options.db, ...files })
  const { transact } = transactor
  const commit = createGroupCommit({
    env: options.env,
    signal: links.signal,
    transact,
    synced: () => synced(options.db, links),
    onStorageTrouble: links.onStorageTrouble,
  })
  const refusal = createRefusal({ ...files, commit })
  const making = { options, links, files, commit, refusal }
  const relay = createRelay(making)
  const duties = createDuties({
    ...options,
    ...files,
    commit,
    live: () => links.group.roster.live().map(({ agentId }) => agentId),
  })
  const work = createWork(making)
  const ingest = createIntake(making, { transact, duties, onResponse: work.outcomes.read })
  transactor.use(createCommitHooks({ ...files, ...work, duties, relay, onTasks: options.onTasks }))
  return { ...files, ...work, commit, ingest, relay, duties }
}

/** What the claim of a task and its steps are written to. */
const RUN_TOPICS: readonly TopicKind[] = ['tasks_status', 'traces', 'responses']

/** What lies in the database, and what is told of it. */
function openFiles(options: MemberOptions, links: MemberLinks) {
  const { db, env, logger, metrics, group, zone } = options
  const timeline = createTimeline(db, env)
  const outbox = createOutbox(db, timeline)
  const own = createOwnRecords()
  const identity = { group, zone, senderId: options.agentId, partitions: () => partitionsOf(links) }
  return {
    events: createMemberEvents(logger, metrics),
    timeline,
    outbox,
    own,
    tasks: createTaskStore(db, env.now),
    positions: createPositions(db),
    sender: createSender({ env, identity, outbox, timeline, own }),
  }
}

function createRelay({ options, links, files, commit, refusal }: Making): OutboxRelay {
  const { outbox } = files
  const sweep = createOutboxSweep({ env: options.env, outbox, commit })
  return createOutboxRelay({
    publisher: options.log.publisher({
      lane: 'outbox',
      topics: RUN_TOPICS.map((kind) => topicName(options, kind)),
      retries: Number.POSITIVE_INFINITY,
    }),
    env: options.env,
    logger: options.logger,
    synced: () => synced(options.db, links),
    onAcknowledged(entries) {
      outbox.acknowledge(entries)
      sweep()
    },
    onRefused: refusal.refused,
  })
}

/** Claims, and the runs that they begin. */
function createWork({ options, links, files, commit, refusal }: Making) {
  const { group, boot, heartbeat } = links
  const partitions = (): number => partitionsOf(links)
  const skills = new Set(options.skills.map(({ name }) => name))
  const outcomes = createOutcomes({ ...options, tasks: files.tasks, scope: options, partitions })
  const claimWriter = createClaimWriter({
    sender: files.sender,
    tasks: files.tasks,
    agentId: options.agentId,
    boot: boot.number,
    journalEnd: (taskId) => links.journalEnds.of(homePartition(taskId, partitions())),
  })
  const clockMs = (): number => group.roster.clockMs()
  const approvals = createApprovals({ ...options, sender: files.sender })
  const journals = createJournalReader({ ...options, topic: topicName(options, 'traces') })
  const runs = createRuns({
    ...options,
    reader: journals,
    rules: { ...ALL_RULES, ...options.journalRules },
    settleDoubt: createSettleDoubt({ env: options.env, clockMs, approvals }),
    partitions,
    clockMs,
    ...files,
    commit,
    boot: boot.number,
    mayAct: heartbeat.mayAct,
    untilMayAct: heartbeat.untilMayAct,
    outcomeOf: outcomes.of,
    skillTopic: links.skillTopic,
    onFree: () => claims.arm(),
  })
  const claims = createClaims({
    env: options.env,
    tasks: files.tasks,
    me: () => ({ ...claimantOf(group), agentId: options.agentId, boot: boot.number(), skills }),
    candidates: group.candidates,
    isServedByGroup: group.isServedByGroup,
    isRunning: (taskId) => runs.isRunning(taskId) || refusal.isGivenBack(taskId),
    freeSlots: runs.freeSlots,
    mayClaim: links.mayClaim,
    // An empty piece of work: the claims that are due go with every transaction.
    onDue: () => void commit.submit(() => undefined).catch(() => undefined),
  })
  return {
    outcomes,
    exchange: outcomes.exchange,
    claimWriter,
    runs,
    claims,
    async closeReaders() {
      await Promise.all([approvals.close(), journals.stop()])
    },
  }
}

/** The way of records into the database. */
function createIntake(
  { options, links, files }: Making,
  parts: { transact(work: () => void): void; duties: Duties; onResponse(envelope: ResponseEnvelope): void },
): Ingest {
  const { duties } = parts
  const handle = createRecordFold({
    ...files,
    agentId: options.agentId,
    group: links.group,
    onBeat: links.onBeat,
    onMisplaced: duties.misplaced,
    onResponse: parts.onResponse,
  })
  return createIngest({
    ...files,
    env: options.env,
    logger: options.logger,
    signal: links.signal,
    transact: parts.transact,
    handle,
    poison: duties.poison,
    deadLetterSeen: duties.deadLetterSeen,
    onForeignLog: links.onForeignLog,
    onStorageTrouble: links.onStorageTrouble,
  })
}

async function synced(db: Db, { onStorageLost }: MemberLinks): Promise<void> {
  try {
    await db.synced()
  } catch (error) {
    onStorageLost(AppError.fromUnknown(error, 'KC_STORAGE_FAILED'))
    throw error
  }
}

function partitionsOf({ group }: MemberLinks): number {
  return group.partitions() ?? 0
}

/** What the group says to one that may claim. */
function claimantOf(group: GroupState): Pick<Claimant, 'orchestration' | 'isAbsent' | 'clockMs'> {
  const orchestration = group.orchestration()
  return {
    ...(orchestration ? { orchestration } : {}),
    isAbsent: (other) => group.absence.isAbsent(other),
    clockMs: group.roster.clockMs(),
  }
}
