import { setTimeout as delay } from 'node:timers/promises'
import type { Question } from '@kafclaw/runtime'
import { quantile, round } from '../bench/figures.ts'
import type { Stage } from './stage.ts'

const TICK_MS = 50
const AGAIN_AFTER_MS = 500
const DRAIN_MS = 60_000

export interface Load {
  /** Milliseconds from question to outcome. */
  readonly latencies: readonly number[]
  /** All questions have been acknowledged. */
  readonly sent: Promise<void>
  /** All outcomes are there, or it has taken too long. */
  readonly answered: Promise<void>
  asked(): number
  /** Whether the task was asked by this load. */
  has(taskId: string): boolean
}

/** Asks `tasks` questions at `rate` a second. Where Kafka is away it asks again under the same task ids, which is asking once. */
export function startLoad({ client }: Stage, { tasks, rate }: { tasks: number; rate: number }): Load {
  const latencies: number[] = []
  const pending: Array<Promise<void>> = []
  const prefix = `load-${process.pid}-${Math.trunc(performance.now())}`
  let asked = 0
  const sent = send()
  async function send(): Promise<void> {
    const startMs = performance.now()
    while (asked < tasks) {
      const due = Math.min(tasks, Math.ceil(((performance.now() - startMs) / 1000) * rate))
      if (due > asked) {
        await ask(Array.from({ length: due - asked }, (_, n) => toQuestion(asked + n)))
        asked = due
      }
      await delay(TICK_MS)
    }
  }
  function toQuestion(n: number): Question {
    return { taskId: `${prefix}-${n}`, payload: { content: `task ${n}` } }
  }
  async function ask(questions: Question[]): Promise<void> {
    const askedMs = performance.now()
    for (;;) {
      try {
        const batch = await client.askAll(questions)
        for (const { outcome } of batch)
          pending.push(
            outcome.then(
              () => void latencies.push(performance.now() - askedMs),
              // What has no outcome is counted from the topics.
              () => undefined,
            ),
          )
        return
      } catch (error) {
        process.stderr.write(`asked in vain, and again: ${error instanceof Error ? error.message : String(error)}\n`)
        await delay(AGAIN_AFTER_MS)
      }
    }
  }
  async function drain(): Promise<void> {
    await sent
    const timeUp = new AbortController()
    await Promise.race([
      Promise.all(pending),
      delay(DRAIN_MS, undefined, { signal: timeUp.signal }).catch(() => undefined),
    ])
    timeUp.abort()
  }
  return { latencies, sent, answered: drain(), asked: () => asked, has: (taskId) => taskId.startsWith(`${prefix}-`) }
}

/** How long whoever asked has waited. */
export function latencyFigures({ latencies }: Load): { p50_ms: number; p99_ms: number; max_ms: number } {
  const at = (share: number): number => round(quantile(latencies, share), 1)
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) }
}
