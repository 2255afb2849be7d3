import type { Env } from '@kafclaw/env'
import { type ResponseEnvelope, topicName } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'
import { homePartition } from '@kafclaw/tasks'
import type { Logger } from '@kafclaw/telemetry'
import { type ActiveRun, createActiveRun, type RunParts } from './active-run.ts'
import type { WrittenClaim } from './claim-writer.ts'
import type { GroupCommit } from './group-commit.ts'
import type { JournalPlace } from './journal/journal-reader.ts'
import { createStepStore, type StepStore } from './journal/step-store.ts'
import type { StepParts } from './journal/step-work.ts'
import type { MemberEvents } from './member-events.ts'
import type { RunHandler } from './run.ts'
import { createRunEnding } from './run-ending.ts'
import { createRunRecords } from './run-records.ts'
import type { Sender } from './sender.ts'
import { createSlots, type Slots } from './slots.ts'
import type { StoredTask, TaskStore } from './task-store.ts'

/** The runs that this process works on. */
export interface Runs {
  readonly slots: Slots
  /** Slots that new runs may take: inside a transaction also those of the runs that end with it. */
  freeSlots(): number
  /** Begins to read the journals of the tasks that an earlier process has held here: their runs go on as soon as they are claimed. */
  readAhead(): void
  /** Begins a run whose claim has been stored to be sent: its model may be asked, what it writes waits for the claim to be read back. */
  begin(task: StoredTask, claim: WrittenClaim): void
  /** Inside a transaction: the runs whose claims it reads back write what they have kept. */
  confirmWithin(tasks: Iterable<StoredTask>): void
  /** At the end of a transaction: stores the steps that were written in it. */
  storeSteps(): void
  /** That transaction was committed, or it was not. */
  settle(committed: boolean): void
  /** A task has changed in the log: a run that lost its claim or whose task has ended stops. */
  changed(task: StoredTask): void
  /** Runs whose deadline the clock of the log has passed stop. */
  expire(clockMs: number): void
  isRunning(taskId: string): boolean
  count(): number
  /** Lets each run reach the end of its step, then gives its task back; at the deadline they are cut off. */
  stop(graceMs: number): Promise<void>
  /** Cuts all off without a word: a newer boot has taken over. */
  abandon(): void
}

export interface RunsOptions extends Pick<StepParts, 'reader' | 'rules' | 'settleDoubt' | 'partitions' | 'clockMs'> {
  db: Db
  group: string
  zone: string
  env: Env
  logger: Logger
  events: MemberEvents
  tasks: TaskStore
  sender: Sender
  commit: GroupCommit
  capacity: number
  agentId: string
  boot(): number
  handler: RunHandler
  mayAct(): boolean
  untilMayAct(signal: AbortSignal): Promise<void>
  /** Resolves with the outcome of a task, from the fold or when it comes. */
  outcomeOf(taskId: string, signal: AbortSignal): Promise<ResponseEnvelope>
  /** Topic of a skill, if it has one of its own. */
  skillTopic(skill: string): string | undefined
  onFree(): void
}

/** How long a run that was cut off may take to come to its end. */
const MOST_UNWINDING_MS = 2000

export function createRuns(options: RunsOptions): Runs {
  const { env, logger, events, tasks } = options
  const slots = createSlots(options.capacity, options.onFree)
  const active = new Map<string, ActiveRun>()
  /** Runs of tasks that another task has asked for, by that task. */
  const children = new Map<string, Set<ActiveRun>>()
  const records = createRunRecords(options)
  const store = createStepStore(options.db, topicName(options, 'traces'))
  const ending = createRunEnding(options, { records, store, isStopping: () => stopping })
  const parts: RunParts = { ...options, slots, records, store, isStopping: () => stopping }
  let confirming: ActiveRun[] = []
  /** How many of them have given their answer in the same transaction. */
  let answering = 0
  let stopping = false
  /** Somebody waits for the last run to end. */
  let onEmpty: (() => void) | null = null

  /** Resolves when no run is left, or after that time. */
  async function untilEmpty(mostMs: number): Promise<void> {
    const endMs = env.monotonicMs() + mostMs
    for (let leftMs = mostMs; active.size > 0 && leftMs > 0; leftMs = endMs - env.monotonicMs()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = env.setTimer(leftMs, resolve)
      onEmpty = resolve
      await promise
      timer.cancel()
    }
  }

  function begin(task: StoredTask, { claim, request, readFrom }: WrittenClaim): void {
    slots.take()
    const run = createActiveRun(parts, { task, claim, readFrom, request })
    active.set(task.taskId, run)
    const parentId = request.payload.parent_task_id
    if (parentId !== null) children.set(parentId, (children.get(parentId) ?? new Set()).add(run))
    void work(run)
  }

  function leave(run: ActiveRun): void {
    run.giveSlotBack()
    run.end()
    if (active.get(run.taskId) === run) active.delete(run.taskId)
    if (active.size === 0) onEmpty?.()
    const parentId = run.request.payload.parent_task_id
    if (parentId === null) return
    const siblings = children.get(parentId)
    siblings?.delete(run)
    if (siblings?.size === 0) children.delete(parentId)
  }

  async function work(run: ActiveRun): Promise<void> {
    try {
      const outcome = await ending.handle(run)
      if (outcome === null) await ending.giveTaskBack(run)
      else await ending.answer(run, outcome)
    } catch (error) {
      if (!run.signal.aborted)
        logger.error({ err: error, taskId: run.taskId, runId: run.runId }, 'a run could not be ended')
    } finally {
      leave(run)
    }
  }

  return {
    slots,
    freeSlots: () => slots.free(answering),
    readAhead: () => options.reader.readAhead(heldJournals(options, store)),
    begin,
    confirmWithin(changed) {
      for (const task of changed) {
        const run = active.get(task.taskId)
        if (!run || run.isConfirmed() || task.claim?.runId !== run.runId) continue
        confirming.push(run)
        run.confirmation.within()
        if (tasks.get(task.taskId).finished) answering++
      }
    },
    storeSteps: store.flush,
    settle(committed) {
      if (!committed) store.rolledBack()
      for (const run of confirming) run.confirmation.settle(committed)
      if (committed && confirming.length > 0) events.claim('won', confirming.length)
      confirming = []
      answering = 0
    },
    changed(task) {
      if (task.outcome !== null) for (const child of children.get(task.taskId) ?? []) ending.withParent(child)
      const run = active.get(task.taskId)
      if (!run) return
      if (task.outcome !== null) {
        if (task.outcome.runId !== run.runId) run.abort('the task has an outcome')
      } else if (task.claim && task.claim.runId !== run.runId && task.claim.attempt >= run.attempt) {
        if (run.isConfirmed()) events.leaseLost(task.taskId)
        else events.claim('lost')
        run.abort('another run holds the task')
      }
    },
    expire(clockMs) {
      for (const run of active.values()) if (clockMs > run.expiresAtMs) run.abort('its deadline has passed')
    },
    isRunning: (taskId) => active.has(taskId),
    count: () => active.size,
    async stop(graceMs) {
      stopping = true
      for (const run of active.values()) run.askToStop()
      await untilEmpty(graceMs)
      for (const run of active.values()) run.abort('the service stops')
      await untilEmpty(MOST_UNWINDING_MS)
      for (const { taskId, runId } of active.values())
        logger.warn({ taskId, runId }, 'a call takes no notice of the end of the service and is left behind')
    },
    abandon() {
      for (const run of active.values()) run.abort('a newer boot of this agent has taken over')
    },
  }
}

/** From where on the log has to be read for the tasks that an earlier process has held here. */
function heldJournals({ tasks, agentId, partitions }: RunsOptions, store: StepStore): JournalPlace[] {
  const held = [...tasks.open()].filter(({ claim }) => claim?.agentId === agentId)
  return held.map(({ taskId, claim }) => ({
    partition: homePartition(taskId, partitions()),
    from: store.sentBefore(taskId) ?? claim?.journalFrom ?? 0,
  }))
}
