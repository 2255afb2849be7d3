import type { ChildProcess } from 'node:child_process'
import { setInterval as every } from 'node:timers/promises'
import { createSystemEnv } from '@kafclaw/env'
import { createKafkaLog } from '@kafclaw/kafka'
import { applyTopics, connectGroup, type GroupClient } from '@kafclaw/runtime'
import { createLogger } from '@kafclaw/telemetry'
import { tempDir, uniqueName } from '@kafclaw/testing'
import { openBroker } from '@kafclaw/testing/broker'
import { cpuOf, startChild, stopChild, untilIdle, usageOf } from './child-process.ts'
import { round } from './figures.ts'

const CONTENT = 'x'.repeat(200)
const BATCH = 100
const WORKERS = [1, 2, 4] as const
/** How much fewer tasks the small go has, and each go of several workers. */
const SMALL = 10
const SAMPLE_EACH_MS = 250
const MIB = 2 ** 20

export interface ScaleOptions {
  /** Tasks of the large go. */
  tasks: number
}

interface Go {
  tasksPerS: number
  /** Of all workers together. */
  cpuUsPerTask: number
  rssPeakMib: number
  /** The most that was alive or not yet collected. */
  heapPeakMib: number
  /** What is alive when all is done. */
  heapAfterMib: number
}

/** What a task costs with 1, 2 and 4 workers, and what one worker needs for ten times as many tasks asked in one go. */
export async function benchScale({ tasks }: ScaleOptions) {
  await using broker = await openBroker()
  const few = Math.ceil(tasks / SMALL)
  const figures: Record<string, number> = {}
  for (const workers of WORKERS) {
    const { tasksPerS, cpuUsPerTask } = await measureGo(broker.brokers, { workers, tasks: few })
    figures[`tasks_per_s_${workers}`] = tasksPerS
    figures[`cpu_us_per_task_${workers}`] = cpuUsPerTask
  }
  const small = await measureGo(broker.brokers, { workers: 1, tasks: few })
  const large = await measureGo(broker.brokers, { workers: 1, tasks })
  return { ...figures, ...named('small', few, small), ...named('large', tasks, large), ...ratios(large, small) }
}

function named(name: string, tasks: number, go: Go): Record<string, number> {
  return {
    [`${name}_tasks`]: tasks,
    [`${name}_tasks_per_s`]: go.tasksPerS,
    [`${name}_cpu_us_per_task`]: go.cpuUsPerTask,
    [`${name}_rss_peak_mib`]: go.rssPeakMib,
    [`${name}_heap_peak_mib`]: go.heapPeakMib,
    [`${name}_heap_after_mib`]: go.heapAfterMib,
  }
}

/** 1 is flat. */
function ratios(large: Go, small: Go): Record<string, number> {
  return {
    ratio_cpu_per_task: round(large.cpuUsPerTask / small.cpuUsPerTask),
    ratio_rss_peak: round(large.rssPeakMib / small.rssPeakMib),
    ratio_heap_peak: round(large.heapPeakMib / small.heapPeakMib),
    ratio_heap_after: round(large.heapAfterMib / small.heapAfterMib),
  }
}

/** A group of its own with fresh workers, which are asked all tasks as fast as the broker takes them. */
async function measureGo(
  brokers: readonly string[],
  { workers, tasks }: { workers: number; tasks: number },
): Promise<Go> {
  await using folder = await tempDir()
  const env = createSystemEnv()
  const scope = { group: uniqueName('scale'), zone: 'public' }
  const logger = createLogger({ service: 'bench', level: 'warn' })
  const log = createKafkaLog({ brokers: [...brokers], clientId: 'bench', env, logger })
  await applyTopics({ log, env, scope, senderId: 'bench', leaseMs: 12_000 })
  const start = (n: number): Promise<ChildProcess> =>
    startChild('wire-worker.ts', {
      variables: {
        KAFCLAW_KAFKA_BROKERS: brokers.join(','),
        KAFCLAW_GROUP: scope.group,
        KAFCLAW_AGENT_ID: `worker-${n}`,
        KAFCLAW_DATA_DIR: folder.path,
        KAFCLAW_CONCURRENCY: '1000',
        KAFCLAW_LOG_LEVEL: 'warn',
      },
    })
  const children = await Promise.all(Array.from({ length: workers }, (_, n) => start(n + 1)))
  const client = await connectGroup({ log, env, ...scope, senderId: 'bench' })
  try {
    return await measure(client, children, tasks)
  } finally {
    await client.close()
    await Promise.all(children.map(stopChild))
    await log.close()
  }
}

async function measure(client: GroupClient, workers: readonly ChildProcess[], tasks: number): Promise<Go> {
  for (const worker of workers) await untilIdle(worker)
  const cpuBefore = await cpuOfAll(workers)
  const over = new AbortController()
  const heapPeak = sampleHeap(workers, over.signal)
  const startMs = performance.now()
  await askAll(client, tasks)
  const elapsedMs = performance.now() - startMs
  over.abort()
  const heapPeakBytes = await heapPeak
  // They still read back what they have answered.
  for (const worker of workers) await untilIdle(worker)
  const cpuUs = (await cpuOfAll(workers)) - cpuBefore
  const after = await Promise.all(workers.map((worker) => usageOf(worker, 'collect')))
  return {
    tasksPerS: round((tasks / elapsedMs) * 1000, 0),
    cpuUsPerTask: round(cpuUs / tasks, 0),
    rssPeakMib: round(Math.max(...after.map(({ rssPeakBytes }) => rssPeakBytes)) / MIB, 0),
    heapPeakMib: round(heapPeakBytes / MIB, 0),
    heapAfterMib: round(Math.max(...after.map(({ heapBytes }) => heapBytes)) / MIB, 1),
  }
}

async function askAll(client: GroupClient, tasks: number): Promise<void> {
  const outcomes: Array<Promise<unknown>> = []
  for (let start = 0; start < tasks; start += BATCH) {
    const questions = Array.from({ length: Math.min(BATCH, tasks - start) }, () => ({ payload: { content: CONTENT } }))
    for (const { outcome } of await client.askAll(questions)) outcomes.push(outcome)
  }
  await Promise.all(outcomes)
}

async function cpuOfAll(workers: readonly ChildProcess[]): Promise<number> {
  const used = await Promise.all(workers.map(cpuOf))
  return used.reduce((sum, cpuUs) => sum + cpuUs, 0)
}

/** The largest heap that was seen until `signal`. */
async function sampleHeap(workers: readonly ChildProcess[], signal: AbortSignal): Promise<number> {
  let peak = 0
  for await (const _ of every(SAMPLE_EACH_MS)) {
    const seen = await Promise.all(workers.map((worker) => usageOf(worker)))
    peak = Math.max(peak, ...seen.map(({ heapBytes }) => heapBytes))
    if (signal.aborted) break
  }
  return peak
}
