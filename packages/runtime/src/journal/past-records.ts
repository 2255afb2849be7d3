import type { Env } from '@kafclaw/env'
import { type Log, type OffsetRange, readEach } from '@kafclaw/kafka'
import { readStepRecord, type StepRecord } from './step-record.ts'

/** What lies on `traces` about a task between two offsets of its home partition. */
interface PastRange {
  taskId: string
  partition: number
  from: number
  end: number
}

/** Reads what is no longer in memory. After a crash many runs ask at once: they share one reading, which costs a connection and a fetch. */
export type PastRecords = (range: PastRange) => Promise<StepRecord[]>

interface Asked extends PromiseWithResolvers<StepRecord[]> {
  range: PastRange
  found: StepRecord[]
}

/** Those who ask within that time read together. */
const TOGETHER_MS = 5

/** A longer range is read alone: nobody else waits for it. */
const MOST_TOGETHER = 20_000

export function createPastRecords({ env, log, topic }: { env: Env; log: Log; topic: string }): PastRecords {
  let waiting: Asked[] = []

  function begin(): void {
    const asked = waiting
    waiting = []
    const isShort = ({ range }: Asked): boolean => range.end - range.from <= MOST_TOGETHER
    const short = asked.filter(isShort)
    if (short.length > 0) void readTogether(short)
    for (const one of asked) if (!isShort(one)) void readTogether([one])
  }

  async function readTogether(asked: readonly Asked[]): Promise<void> {
    const byTask = Map.groupBy(asked, ({ range }) => range.taskId)
    try {
      await readEach(log, rangesOf(topic, asked), (record) => {
        for (const { range, found } of byTask.get(record.key?.toString('utf8') ?? '') ?? []) {
          const isMeant =
            record.partition === range.partition && record.offset >= range.from && record.offset < range.end
          const step = isMeant ? readStepRecord(record, range.taskId) : null
          if (step) found.push(step)
        }
      })
      for (const { found, resolve } of asked) resolve(found)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }

  return (range) => {
    const asked: Asked = { ...Promise.withResolvers<StepRecord[]>(), range, found: [] }
    if (waiting.push(asked) === 1) env.setTimer(TOGETHER_MS, begin)
    return asked.promise
  }
}

/** One range for each partition, which holds all that were asked for. */
function rangesOf(topic: string, asked: readonly Asked[]): OffsetRange[] {
  return [...Map.groupBy(asked, ({ range }) => range.partition)].map(([partition, all]) => ({
    topic,
    partition,
    start: Math.min(...all.map(({ range }) => range.from)),
    end: Math.max(...all.map(({ range }) => range.end)),
  }))
}
