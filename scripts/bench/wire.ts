import type { ChildProcess } from 'node:child_process'
import { createSystemEnv } from '@kafclaw/env'
import { encode } from '@kafclaw/envelope'
import { createKafkaLog, type Log } from '@kafclaw/kafka'
import { applyTopics, connectGroup, type GroupClient } from '@kafclaw/runtime'
import { createLogger } from '@kafclaw/telemetry'
import { tempDir, uniqueName } from '@kafclaw/testing'
import { openBroker } from '@kafclaw/testing/broker'
import { cpuOf, startChild, stopChild, untilIdle } from './child-process.ts'
import { median, quantile, round } from './figures.ts'
import { createRaw, type RawMessage, type ReadingBy } from './raw-kafkajs.ts'

const ROUNDS = 5
const PARTITIONS = 6
const CONTENT = 'x'.repeat(200)

export interface WireOptions {
  trips: number
  tasks: number
  batch: number
}

/** A task over the wire against the same number of hops in plain kafkajs, in the same run, on the same broker. */
export async function benchWire({ trips, tasks, batch }: WireOptions) {
  await using broker = await openBroker()
  const env = createSystemEnv()
  await using folder = await tempDir()
  const group = uniqueName('bench')
  const scope = { group, zone: 'public' }
  const log = createKafkaLog({
    brokers: [...broker.brokers],
    clientId: 'bench',
    env,
    logger: createLogger({ service: 'bench', level: 'warn' }),
  })
  await applyTopics({ log, env, scope, senderId: 'bench', leaseMs: 12_000, partitions: PARTITIONS })
  const worker = await startChild('wire-worker.ts', {
    variables: {
      KAFCLAW_KAFKA_BROKERS: broker.brokers.join(','),
      KAFCLAW_GROUP: group,
      KAFCLAW_DATA_DIR: folder.path,
      KAFCLAW_CONCURRENCY: '1000',
      KAFCLAW_LOG_LEVEL: 'warn',
    },
  })
  const client = await connectGroup({ log, env, ...scope, senderId: 'bench' })
  const raw = await fasterRaw(broker.brokers, log, group)
  try {
    const latency = await measureLatency(client, raw, trips)
    const throughput = await measureThroughput({ client, raw, worker }, { tasks, batch })
    return {
      task_p50_ms: latency.task.p50,
      task_p99_ms: latency.task.p99,
      raw_p50_ms: latency.raw.p50,
      raw_p99_ms: latency.raw.p99,
      ratio_p50: round(latency.task.p50 / latency.raw.p50),
      ratio_p99: round(latency.task.p99 / latency.raw.p99),
      ...throughput,
      ratio_throughput: round(throughput.tasks_per_s / throughput.raw_per_s, 3),
      raw_reading: raw.by,
      rounds: ROUNDS,
      trips_per_round: trips,
      tasks,
    }
  } finally {
    await client.close()
    await raw.close()
    await stopChild(worker)
    await log.close()
  }
}

interface Raw {
  by: ReadingBy
  trip(message: RawMessage): Promise<void>
  /** Sends in batches and resolves when all have come back. */
  flood(messages: readonly RawMessage[], batch: number): Promise<void>
  close(): Promise<void>
}

/** Reading by group or groupless, whichever is faster here. */
async function fasterRaw(brokers: readonly string[], log: Log, group: string): Promise<Raw> {
  const both: Array<{ raw: Raw; p50: number }> = []
  for (const by of ['group', 'groupless'] as const) {
    const raw = await startRaw(brokers, log, { by, name: `${group}-raw-${by}` })
    const times: number[] = []
    for (let index = 0; index < 200; index++) times.push(await timed(() => raw.trip(message(`probe-${by}-${index}`))))
    both.push({ raw, p50: median(times.slice(50)) })
  }
  const [first, second] = both.sort((a, b) => a.p50 - b.p50)
  if (!first || !second) throw new Error('two ways of reading were tried')
  await second.raw.close()
  return first.raw
}

async function startRaw(
  brokers: readonly string[],
  log: Log,
  { by, name }: { by: ReadingBy; name: string },
): Promise<Raw> {
  const [to, from] = [`${name}-a`, `${name}-b`]
  await log.createTopics([to, from].map((topic) => ({ name: topic, partitions: PARTITIONS, configs: {} })))
  const echo = await startChild('wire-echo.ts', { args: [brokers.join(','), to, from, by, String(PARTITIONS)] })
  const client = createRaw(brokers)
  const producer = await client.producer()
  const waiting = new Map<string, () => void>()
  const stop = await client.read(from, by, (messages) => {
    for (const { key } of messages) {
      const id = key.toString()
      waiting.get(id)?.()
      waiting.delete(id)
    }
  })
  const arrived = (key: Buffer): Promise<void> => new Promise((resolve) => waiting.set(key.toString(), resolve))
  return {
    by,
    async trip(sent) {
      const back = arrived(sent.key)
      await producer.send(to, [sent], PARTITIONS)
      await back
    },
    async flood(messages, batch) {
      const back = messages.map(({ key }) => arrived(key))
      for (let start = 0; start < messages.length; start += batch)
        await producer.send(to, messages.slice(start, start + batch), PARTITIONS)
      await Promise.all(back)
    },
    async close() {
      await stopChild(echo)
      await stop()
      await producer.close()
    },
  }
}

async function measureLatency(client: GroupClient, raw: Raw, trips: number) {
  const rounds: Array<{ task: number[]; raw: number[] }> = []
  for (let index = -1; index < ROUNDS; index++) {
    const times = { task: [] as number[], raw: [] as number[] }
    for (let trip = 0; trip < trips; trip++) {
      times.task.push(
        await timed(async () => {
          const asked = await client.ask({ payload: { content: CONTENT } })
          await asked.outcome
        }),
      )
      times.raw.push(await timed(() => raw.trip(message(`trip-${index}-${trip}`))))
    }
    // The first round warms both sides up.
    if (index >= 0) rounds.push(times)
  }
  const of = (side: 'task' | 'raw', share: number): number =>
    round(median(rounds.map((times) => quantile(times[side], share))), 3)
  return { task: { p50: of('task', 0.5), p99: of('task', 0.99) }, raw: { p50: of('raw', 0.5), p99: of('raw', 0.99) } }
}

async function measureThroughput(
  { client, raw, worker }: { client: GroupClient; raw: Raw; worker: ChildProcess },
  { tasks, batch }: { tasks: number; batch: number },
) {
  const cpuBefore = await cpuOf(worker)
  const floods = 3
  const perSecond = { task: [] as number[], raw: [] as number[] }
  for (let index = 0; index < floods; index++) {
    const taskMs = await timed(async () => {
      const outcomes: Array<Promise<unknown>> = []
      for (let start = 0; start < tasks; start += batch) {
        const asked = await client.askAll(
          Array.from({ length: Math.min(batch, tasks - start) }, () => ({ payload: { content: CONTENT } })),
        )
        outcomes.push(...asked.map(({ outcome }) => outcome))
      }
      await Promise.all(outcomes)
    })
    // The worker still reads back what it has answered; the other side must not share the machine with that.
    await untilIdle(worker)
    const messages = Array.from({ length: tasks }, (_, n) => message(`flood-${index}-${n}`))
    const rawMs = await timed(() => raw.flood(messages, batch))
    perSecond.task.push((tasks / taskMs) * 1000)
    perSecond.raw.push((tasks / rawMs) * 1000)
  }
  return {
    tasks_per_s: round(median(perSecond.task), 0),
    raw_per_s: round(median(perSecond.raw), 0),
    worker_cpu_us_per_task: round(((await cpuOf(worker)) - cpuBefore) / (tasks * floods), 0),
  }
}

/** As many bytes as a request of the same content has. */
const VALUE = encode({
  schema_version: 2,
  type: 'request',
  id: '0198f3c2-0000-7000-8000-000000000000',
  group: 'bench-000000',
  zone: 'public',
  sender_id: 'bench',
  recipient_id: null,
  correlation_id: 'task_0198f3c2-0000-7000-8000-000000000000',
  causation_id: null,
  timestamp: '2026-11-23T10:00:00.000Z',
  expires_at: '2026-11-24T10:00:00.000Z',
  trace: { trace_id: '0'.repeat(31).concat('1'), span_id: '0'.repeat(15).concat('1'), parent_span_id: null },
  labels: { integrity: 'trusted', confidentiality: 'internal' },
  payload: { content: CONTENT, skill: 'chat', input: null, depth: 0, parent_task_id: null },
}).value

function message(key: string): RawMessage {
  return { key: Buffer.from(key), value: VALUE }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}
