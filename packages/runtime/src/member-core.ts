import type { Env } from '@kafclaw/env'
import {
  AppError,
  type Envelope,
  formatPlace,
  type NewAnnouncePayload,
  parsePlace,
  type RawRecord,
  type RecordPlace,
} from '@kafclaw/envelope'
import type { Log } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import { type Boot, type Claim, type Claimant, countingRequest, homePartition } from '@kafclaw/tasks'
import type { Logger, Metrics } from '@kafclaw/telemetry'
import { type Claims, createClaims, type DueClaim } from './claims.ts'
import { createDuties, type Duties } from './duties.ts'
import { createRecordFold } from './fold-record.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import type { GroupOffsetTimes } from './group-offsets.ts'
import type { GroupState } from './group-state.ts'
import { isRequestTopic } from './group-topics.ts'
import type { Heartbeat } from './heartbeat.ts'
import { createIngest, type Ingest } from './ingest.ts'
import type { JournalEnds } from './journal-ends.ts'
import { createMemberEvents, type MemberEvents } from './member-events.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createOutboxRelay, type OutboxRelay } from './outbox-relay.ts'
import { createOutcomes } from './outcomes.ts'
import { createOwnRecords } from './own-records.ts'
import { createPositions, type Positions } from './positions.ts'
import { createRefusal } from './refused-records.ts'
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
  skills: NonNullable<NewAnnouncePayload['skills']>
  /** Runs at once. */
  capacity: number
  handler: RunHandler
  version: string
  retentionDays: number
  /** Reads the topics of all skills of the zone, not only of its own. */
  readsAllSkills?: boolean
  /** For tests, which cannot wait for minutes. */
  groupOffsetTimes?: GroupOffsetTimes
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
  skillTopic(skill: string): string | undefined
}

export function createMemberCore(options: MemberOptions, links: MemberLinks): MemberCore {
  const { db, env, logger, log } = options
  const { group, boot, signal } = links
  const scope = { group: options.group, zone: options.zone }
  const partitions = (): number => group.partitions() ?? 0
  const events = createMemberEvents(logger, options.metrics)
  const timeline = createTimeline(db, env)
  const outbox = createOutbox(db, timeline)
  const tasks = createTaskStore(db, env.now)
  const positions = createPositions(db)
  const identity = { ...scope, senderId: options.agentId, partitions }
  const own = createOwnRecords()
  const sender = createSender({ env, identity, outbox, timeline, own })
  const outcomes = createOutcomes({ log, tasks, scope, partitions })
  const skills = new Set(options.skills.map(({ name }) => name))

  const transact = createTransactor({
    db,
    outbox,
    tasks,
    hooks: {
      beforeCommit() {
        runs.confirmWithin(tasks.changes())
        claims.changed(tasks.changes())
        for (const taskId of claims.takeExhausted()) noteExhausted(taskId)
        for (const due of claims.takeDue()) written.set(due.task.taskId, writeClaim(due))
      },
      committed(changed, rows) {
        positions.keep()
        relay.enqueue(rows)
        runs.settle(true)
        for (const { task } of claims.settle(true)) {
          const claim = written.get(task.taskId)
          if (claim) runs.begin(task, claim)
        }
        written.clear()
        for (const task of changed) runs.changed(task)
        outcomes.deliver()
        options.onTasks?.(changed)
        claims.arm()
      },
      rolledBack() {
        positions.drop()
        runs.settle(false)
        claims.settle(false)
        duties.rolledBack()
        written.clear()
        claims.arm()
      },
    },
  })
  const commit = createGroupCommit({ env, signal, transact, onStorageTrouble: links.onStorageTrouble })

  /** Claims of the transaction under way, by their tasks. */
  const written = new Map<string, Claim>()

  function writeClaim({ task, decision, runId }: DueClaim): Claim {
    const { attempt, fruitless, request } = decision
    const journalFrom = task.claim?.journalFrom ?? links.journalEnds.of(homePartition(task.taskId, partitions()))
    const { id } = sender.send({
      type: 'task_status',
      correlation_id: task.taskId,
      causation_id: request.recordId,
      payload: {
        status: 'claimed',
        attempt,
        run_id: runId,
        agent_id: options.agentId,
        boot: boot.number(),
        request: placeOf(request.place),
        journal_from: journalFrom,
        fruitless,
      },
    })
    const own = { attempt, runId, agentId: options.agentId, boot: boot.number(), recordId: id }
    // Its offset is not known before it has been read back; nothing of the run depends on it.
    return { ...own, offset: -1, request: request.place, journalFrom, fruitless }
  }

  const runs = createRuns({
    ...options,
    events,
    tasks,
    sender,
    commit,
    boot: boot.number,
    mayAct: links.heartbeat.mayAct,
    untilMayAct: links.heartbeat.untilMayAct,
    outcomeOf: outcomes.of,
    skillTopic: links.skillTopic,
    onFree: () => claims.arm(),
  })

  const claims = createClaims({
    env,
    tasks,
    me: () => ({
      ...orchestrationOf(group),
      agentId: options.agentId,
      boot: boot.number(),
      skills,
      isAbsent: (other) => group.absence.isAbsent(other),
      clockMs: group.roster.clockMs(),
    }),
    candidates: group.candidates,
    isServedByGroup: group.isServedByGroup,
    isRunning: (taskId) => runs.isRunning(taskId),
    freeSlots: () => runs.slots.free(),
    mayClaim: links.mayClaim,
    // An empty piece of work: the claims that are due go with every transaction.
    onDue: () => void commit.submit(() => undefined).catch(() => undefined),
  })

  const relay = createOutboxRelay({
    publisher: log.publisher({ lane: 'outbox', retries: Number.POSITIVE_INFINITY }),
    env,
    logger,
    onAcknowledged(rows) {
      outbox.acknowledge(rows)
      sweep()
    },
    onRefused: createRefusal({ commit, outbox, tasks, sender, events }),
  })

  /** Acknowledged rows go with the next transaction; when none comes soon, with one of their own. */
  let sweeping = false
  function sweep(): void {
    if (sweeping) return
    sweeping = true
    env.setTimer(SWEEP_AFTER_MS, () => {
      sweeping = false
      if (outbox.hasAcknowledged()) commit.submit(() => undefined).catch(() => undefined)
    })
  }

  const duties = createDuties({
    db,
    env,
    log,
    logger,
    commit,
    tasks,
    sender,
    events,
    agentId: options.agentId,
    live: () => group.roster.live().map(({ agentId }) => agentId),
  })

  function noteExhausted(taskId: string): void {
    const place = countingRequest(tasks.get(taskId))?.place ?? null
    duties.note({
      kind: 'exhausted',
      subject: taskId,
      place,
      code: null,
      reason: 'attempt after attempt ended without a step',
    })
  }

  const handle = createRecordFold({
    agentId: options.agentId,
    group,
    tasks,
    timeline,
    onBeat: links.onBeat,
    onMisplaced(record) {
      const place = formatPlace(record)
      duties.note({ kind: 'copy_home', subject: place, place, code: null, reason: null }, record)
    },
    onResponse: outcomes.read,
  })
  const ingest = createIngest({
    env,
    signal,
    logger,
    events,
    positions,
    timeline,
    own,
    handle,
    transact,
    poison(record, { code, reason, taskId }) {
      const place = formatPlace(record)
      duties.note({ kind: 'dead_letter', subject: place, place, code, reason }, record)
      if (taskId !== null && isRequestTopic(record.topic)) {
        duties.note({ kind: 'rejected', subject: taskId, place: null, code, reason })
      }
    },
    deadLetterSeen: duties.deadLetterSeen,
    onForeignLog: links.onForeignLog,
    onStorageTrouble: links.onStorageTrouble,
  })
  return { events, commit, ingest, sender, tasks, outbox, relay, positions, runs, claims, duties }
}

const SWEEP_AFTER_MS = 100

function orchestrationOf(group: GroupState): Pick<Claimant, 'orchestration'> {
  const orchestration = group.orchestration()
  return orchestration ? { orchestration } : {}
}

/** The fold keeps places as text; it has made them itself. */
function placeOf(text: string): RecordPlace {
  const place = parsePlace(text)
  if (place === null) throw new AppError('KC_BUG', `"${text}" is no position on the log.`)
  return place
}
