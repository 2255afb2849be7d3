import { createSystemEnv } from '@kafclaw/env'
import { createKafkaLog } from '@kafclaw/kafka'
import { applyTopics, connectGroup, createDataFolder } from '@kafclaw/runtime'
import { openDatabase } from '@kafclaw/storage'
import type { TaskState } from '@kafclaw/tasks'
import { createLogger } from '@kafclaw/telemetry'
import { tempDir, uniqueName } from '@kafclaw/testing'
import { openBroker } from '@kafclaw/testing/broker'
import { quantile, round } from '../bench/figures.ts'
import { foldTopics } from './fold-topics.ts'
import { createWorkerProcess } from './worker-process.ts'

const AGENT = 'chaos-worker'
const DRAIN_MS = 60_000
const TICK_MS = 50

export interface ChaosWorkerOptions {
  tasks: number
  /** Tasks a second. */
  rate: number
  killEveryMs: number
  leaseMs: number
}

/** One worker, killed again and again while tasks come in; then the topics are read from offset 0 and compared with its SQLite. */
export async function chaosWorker({ tasks, rate, killEveryMs, leaseMs }: ChaosWorkerOptions) {
  process.stderr.write(`lease ${leaseMs} ms\n`)
  await using broker = await openBroker()
  await using folder = await tempDir()
  const env = createSystemEnv()
  const scope = { group: uniqueName('chaos'), zone: 'public' }
  const log = createKafkaLog({
    brokers: [...broker.brokers],
    clientId: 'chaos',
    env,
    logger: createLogger({ service: 'chaos', level: 'error' }),
  })
  const { zone } = await applyTopics({ log, env, scope, senderId: 'chaos', leaseMs })
  const worker = createWorkerProcess({
    KAFCLAW_KAFKA_BROKERS: broker.brokers.join(','),
    KAFCLAW_GROUP: scope.group,
    KAFCLAW_AGENT_ID: AGENT,
    KAFCLAW_DATA_DIR: folder.path,
    KAFCLAW_CONCURRENCY: '32',
    KAFCLAW_LOG_LEVEL: 'error',
  })
  const client = await connectGroup({ log, env, ...scope, senderId: 'chaos' })
  try {
    worker.start()
    const load = loadClient({ client, tasks, rate })
    const kills = await killUntil(worker, killEveryMs, load.sent)
    const late = new Promise((resolve) => setTimeout(resolve, DRAIN_MS))
    await Promise.race([load.answered, late])
    await worker.stop()
    const fromTopics = await foldTopics(log, scope, zone.partitions)
    const files = createDataFolder({ dataDir: folder.path, group: scope.group }).member(AGENT)
    const outcomes = [...fromTopics.values()].filter((task) => task.outcome !== null).length
    return {
      requests: load.asked(),
      outcomes,
      lost: load.asked() - outcomes,
      disagreements: compare(fromTopics, files.stateDb),
      kills,
      hit: [...fromTopics.values()].filter((task) => (task.claim?.attempt ?? 0) > 1).length,
      p50_ms: round(quantile(load.latencies, 0.5), 1),
      p99_ms: round(quantile(load.latencies, 0.99), 1),
      max_ms: round(quantile(load.latencies, 1), 1),
      lease_ms: leaseMs,
    }
  } finally {
    await worker.kill()
    await client.close()
    await log.close()
  }
}

function loadClient({
  client,
  tasks,
  rate,
}: {
  client: Awaited<ReturnType<typeof connectGroup>>
  tasks: number
  rate: number
}) {
  const latencies: number[] = []
  const pending: Array<Promise<void>> = []
  const sent = send()
  async function send(): Promise<void> {
    const startMs = performance.now()
    for (let asked = 0; asked < tasks; ) {
      const due = Math.min(tasks, Math.ceil(((performance.now() - startMs) / 1000) * rate))
      const count = due - asked
      if (count > 0) {
        const askedMs = performance.now()
        const batch = await client.askAll(
          Array.from({ length: count }, (_, n) => ({ payload: { content: `task ${asked + n}` } })),
        )
        for (const { outcome } of batch)
          pending.push(outcome.then(() => void latencies.push(performance.now() - askedMs)))
        asked += count
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  }
  return { latencies, sent, asked: () => pending.length, answered: sent.then(() => Promise.all(pending)) }
}

/** Kills and starts again until all requests have been sent; returns how often. */
async function killUntil(
  worker: ReturnType<typeof createWorkerProcess>,
  everyMs: number,
  sent: Promise<void>,
): Promise<number> {
  let kills = 0
  let sending = true
  const done = sent.finally(() => {
    sending = false
  })
  while (sending) {
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, everyMs))])
    if (!sending) break
    await worker.kill()
    kills++
    worker.start()
  }
  await done
  return kills
}

/** Tasks of which the worker's own SQLite says something else than the topics. */
function compare(fromTopics: ReadonlyMap<string, TaskState>, path: string): number {
  using db = openDatabase(path, 'state', { readOnly: true })
  const rows = db
    .prepare<[], { task_id: string; claim: string | null; outcome: string | null }>(
      'select task_id, claim, outcome from task',
    )
    .all()
  const stored = new Map(rows.map((row) => [row.task_id, row]))
  let disagreements = 0
  for (const [taskId, task] of fromTopics) {
    const row = stored.get(taskId)
    const same = row?.claim === JSON.stringify(task.claim) && row.outcome === JSON.stringify(task.outcome)
    if (!same) disagreements++
  }
  return disagreements + [...stored.keys()].filter((taskId) => !fromTopics.has(taskId)).length
}
