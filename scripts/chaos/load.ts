import { setTimeout as delay } from 'node:timers/promises'
import type { RecordPlace, ResponseEnvelope } from '@kafclaw/envelope'
import type { Question } from '@kafclaw/runtime'
import { quantile, round } from '../bench/figures.ts'
import type { LoadPlan } from './case/chaos-case.ts'
import type { Stage } from './stage.ts'

const TICK_MS = 50
const AGAIN_AFTER_MS = 500
const DRAIN_MS = 60_000

/** A question, as whoever asks it sees it. */
export interface AskedTask {
  /** First tried, which may be long before a broker took it. Epoch ms. */
  askedMs: number
  answeredMs: number | null
  /** Of the record that was taken for the outcome. */
  outcomeId: string | null
}

export interface Load {
  /** When the first question was asked, epoch ms; what happens in a case is timed from here. */
  readonly startMs: number
  /** All questions have been acknowledged. */
  readonly sent: Promise<void>
  /** All outcomes are there, or it has taken too long. */
  readonly answered: Promise<void>
  asked(): number
  /** By task id. */
  readonly tasks: ReadonlyMap<string, AskedTask>
  /** Where the requests lie that were acknowledged. */
  readonly places: ReadonlyArray<RecordPlace & { id: string }>
  /** Sends all requests once more; how many. */
  askAgain(): Promise<number>
}

/** Asks `tasks` questions at `rate` a second. Where Kafka is away it asks again under the same task ids, which is asking once. */
export function startLoad({ client }: Stage, { tasks, rate, expiresMs }: LoadPlan): Load {
  const known = new Map<string, AskedTask>()
  const pending: Array<Promise<void>> = []
  const places: Array<RecordPlace & { id: string }> = []
  const prefix = `load-${process.pid}-${Math.trunc(performance.now())}`
  const startMs = Date.now()
  let asked = 0
  const sent = send()

  async function send(): Promise<void> {
    while (asked < tasks) {
      const due = Math.min(tasks, Math.ceil(((Date.now() - startMs) / 1000) * rate))
      if (due > asked) {
        await ask(Array.from({ length: due - asked }, (_, n) => toQuestion(asked + n)))
        asked = due
      }
      await delay(TICK_MS)
    }
  }

  function toQuestion(n: number): Question {
    const expires = expiresMs === null ? {} : { expiresAt: new Date(Date.now() + expiresMs).toISOString() }
    return { taskId: `${prefix}-${n}`, payload: { content: `task ${n}` }, ...expires }
  }

  async function ask(questions: Question[]): Promise<void> {
    const askedMs = Date.now()
    for (;;) {
      try {
        for (const { taskId, outcome, place, envelope } of await client.askAll(questions)) {
          places.push({ ...place, id: envelope.id })
          const task: AskedTask = { askedMs, answeredMs: null, outcomeId: null }
          known.set(taskId, task)
          pending.push(note(task, outcome))
        }
        return
      } catch (error) {
        process.stderr.write(`asked in vain, and again: ${error instanceof Error ? error.message : String(error)}\n`)
        await delay(AGAIN_AFTER_MS)
      }
    }
  }

  /** What has no outcome is counted from the topics. */
  async function note(task: AskedTask, outcome: Promise<ResponseEnvelope>): Promise<void> {
    try {
      task.outcomeId = (await outcome).id
      task.answeredMs = Date.now()
    } catch {
      return
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

  return {
    startMs,
    sent,
    answered: drain(),
    asked: () => asked,
    tasks: known,
    places,
    async askAgain() {
      await client.askAll(Array.from({ length: asked }, (_, n) => toQuestion(n)))
      return asked
    },
  }
}

/** How long whoever asked has waited. */
export function latencyFigures({ tasks }: Load): { p50_ms: number; p99_ms: number; max_ms: number } {
  const latencies = [...tasks.values()].flatMap(({ askedMs, answeredMs }) =>
    answeredMs === null ? [] : [answeredMs - askedMs],
  )
  const at = (share: number): number => round(quantile(latencies, share), 1)
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) }
}
