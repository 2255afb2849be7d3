import type { Env } from '@kafclaw/env'
import {
  AppError,
  createEnvelope,
  decode,
  type Envelope,
  type NewRequestPayload,
  type RawRecord,
  type RecordPlace,
  type RequestEnvelope,
  type ResponseEnvelope,
  type TaskStatusEnvelope,
  topicName,
} from '@kafclaw/envelope'
import { type Log, type LogBatch, readAll } from '@kafclaw/kafka'
import { isHome } from '@kafclaw/tasks'
import { answeredTask } from './answered-task.ts'
import { createAnsweredTasks } from './answered-tasks.ts'
import type { ZoneSettings } from './apply-topics.ts'
import { type NewRecord, type SentRecord, toOutgoing } from './sender.ts'

/** What somebody asks for, from outside of any run. */
export interface Question {
  payload: NewRequestPayload
  recipientId?: string | null
  /** Asking twice under one task id is asking once, also when its outcome lies on the log; made when missing. */
  taskId?: string
  /** RFC 3339; 24 h when missing. */
  expiresAt?: string
  causationId?: string
}

export interface Asked {
  taskId: string
  envelope: RequestEnvelope
  place: RecordPlace
  /** The outcome: the first response in the home partition of the task. Rejects when the client is closed or its reader dies. */
  outcome: Promise<ResponseEnvelope>
}

/** Takes part in a group without being one of its agents: asks, publishes and follows. It keeps nothing. */
export interface GroupClient {
  /** Publishes at once, past any outbox; resolves with where the record lies. */
  publish(fields: NewRecord): Promise<SentRecord>
  ask(question: Question): Promise<Asked>
  /** Asks them all in one batch; resolves when all are acknowledged. */
  askAll(questions: readonly Question[]): Promise<Asked[]>
  close(): Promise<void>
}

export interface GroupClientOptions {
  log: Log
  env: Env
  group: string
  zone: string
  senderId: string
  /** What is said of a task that was asked here, as it is read. */
  onStatus?(envelope: TaskStatusEnvelope): void
  /** The brokers went out of reach, and why; null: they are back. Waiting goes on in between. */
  onReach?(trouble: AppError | null): void
}

/** Reads the group's zone record and begins to listen for outcomes. Error: KC_GROUP_MISSING when the group has no topics or no zone record. */
export async function connectGroup(options: GroupClientOptions): Promise<GroupClient> {
  const { log, env, group, zone, senderId } = options
  const scope = { group, zone }
  const { partitions } = await requireZone(log, scope)
  const topics = new Set(await log.listTopics())
  const publisher = log.publisher({ lane: 'client' })
  const waiting = new Map<string, PromiseWithResolvers<ResponseEnvelope>>()
  const responses = topicName(scope, 'responses')
  const answered = createAnsweredTasks({ log, topic: responses, partitions })
  let isAway = false

  const reader = log.read({
    // Without a listener nobody looks at the status of tasks.
    topics: [...(options.onStatus ? [topicName(scope, 'tasks_status')] : []), responses],
    position: () => 'end',
    onBatch: read,
    onEvent(event) {
      if (event.kind === 'retrying') setAway(event.error)
      if (event.kind === 'connected') setAway(null)
    },
  })
  reader.ended.catch((error: unknown) => {
    for (const settle of waiting.values()) settle.reject(AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE'))
  })

  function setAway(trouble: AppError | null): void {
    if (isAway === (trouble !== null)) return
    isAway = trouble !== null
    options.onReach?.(trouble)
  }

  function read(batches: readonly LogBatch[]): void {
    setAway(null)
    for (const batch of batches) for (const record of batch.records) readOne(record)
  }

  function readOne(record: RawRecord): void {
    if (record.topic === responses) answered.note(record)
    // Only what was asked here is of interest; status records are a courtesy, and their key says which task they are about.
    const taskId = record.topic === responses ? answeredTask(record) : (record.key?.toString() ?? null)
    const settle = taskId === null ? undefined : waiting.get(taskId)
    if (taskId === null || !settle || !isHome(taskId, record.partition, partitions)) return
    const decoded = decode(record)
    if (decoded.kind !== 'envelope') return
    const { envelope } = decoded
    if (envelope.type === 'task_status') options.onStatus?.(envelope)
    if (envelope.type !== 'response' || envelope.correlation_id !== taskId) return
    waiting.delete(taskId)
    settle.resolve(envelope)
  }

  async function publish(envelopes: readonly Envelope[]): Promise<RecordPlace[]> {
    return publisher.publish(
      envelopes.map((envelope) => {
        const skill = skillOf(envelope)
        return toOutgoing(envelope, skill === null ? { partitions } : { partitions, skill })
      }),
    )
  }

  /** A request for a skill goes to the topic of the skill where there is one. */
  function skillOf(envelope: Envelope): string | null {
    if (envelope.type !== 'request' || envelope.recipient_id !== null) return null
    return topics.has(topicName(scope, 'skill_requests', envelope.payload.skill)) ? envelope.payload.skill : null
  }

  /** Asked again under one task id, all who ask wait for one outcome. */
  function listen(taskId: string): Promise<ResponseEnvelope> {
    const settle = waiting.get(taskId) ?? Promise.withResolvers<ResponseEnvelope>()
    waiting.set(taskId, settle)
    return settle.promise
  }

  async function askAll(questions: readonly Question[]): Promise<Asked[]> {
    await reader.caughtUp
    // An id that was made here was never asked before; any other may have its outcome on the log already.
    if (questions.some(({ taskId }) => taskId !== undefined)) await answered.readBack()
    const requests = questions.map((question) => toRequest(question, options))
    const outcomes = requests.map(({ correlation_id: taskId }, index) => {
      const isNew = questions[index]?.taskId === undefined
      const outcome = isNew ? listen(taskId) : answered.outcomeOf(taskId, () => listen(taskId))
      // Whoever does not wait for the outcome must not be ended by its failure.
      outcome.catch(() => undefined)
      return outcome
    })
    const places = await publish(requests)
    return requests.map((envelope, index) => ({
      taskId: envelope.correlation_id,
      envelope,
      place: known(places[index]),
      outcome: known(outcomes[index]),
    }))
  }

  return {
    async publish(fields) {
      const envelope = createEnvelope(
        { ...fields, ...scope, sender_id: senderId },
        { id: env.newId(), nowMs: env.now() },
      )
      const [place] = await publish([envelope])
      return { envelope, place: known(place) }
    },
    async ask(question) {
      const [asked] = await askAll([question])
      return known(asked)
    },
    askAll,
    async close() {
      await reader.close()
      await publisher.close()
      for (const settle of waiting.values()) settle.reject(new AppError('KC_RUNTIME_STOPPED', 'The client was closed.'))
    },
  }
}

function toRequest(question: Question, { env, group, zone, senderId }: GroupClientOptions): RequestEnvelope {
  const id = env.newId()
  return createEnvelope(
    {
      type: 'request',
      group,
      zone,
      sender_id: senderId,
      recipient_id: question.recipientId ?? null,
      correlation_id: question.taskId ?? `task_${id}`,
      causation_id: question.causationId ?? null,
      expires_at: question.expiresAt ?? null,
      labels: { integrity: 'trusted', confidentiality: 'internal' },
      payload: question.payload,
    },
    { id, nowMs: env.now() },
  )
}

/** The zone record of the group, or null where there is none. */
export async function readZone(log: Log, scope: { group: string; zone: string }): Promise<ZoneSettings | null> {
  const zones: ZoneSettings[] = []
  for (const record of await readAll(log, [topicName(scope, 'control_zones')])) {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'zone') continue
    const { zone, partitions, lease_ms } = decoded.envelope.payload
    // The count of partitions is written once and holds for the life of the zone.
    if (zone === scope.zone) zones.push({ partitions: zones[0]?.partitions ?? partitions, leaseMs: lease_ms })
  }
  return zones.at(-1) ?? null
}

async function requireZone(log: Log, scope: { group: string; zone: string }): Promise<ZoneSettings> {
  const missing = (what: string): AppError =>
    new AppError(
      'KC_GROUP_MISSING',
      `Group "${scope.group}" has no ${what} here. Create it with "kafclaw topics apply", or start it with "kafclaw up".`,
    )
  const names = await log.listTopics()
  if (!names.includes(topicName(scope, 'control_zones'))) throw missing('topics')
  const zone = await readZone(log, scope)
  if (!zone) throw missing(`record of zone "${scope.zone}"`)
  return zone
}

/** One answer per question is what a publisher promises. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new AppError('KC_BUG', 'A record was acknowledged without a position.')
  return value
}
