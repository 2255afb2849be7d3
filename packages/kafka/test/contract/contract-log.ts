import type { AppError, RecordPlace } from '@kafclaw/envelope'
import { uniqueName } from '@kafclaw/testing'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Log, OutgoingRecord } from '../../src/index.ts'

/** What the suite needs of a form beside the Log itself. */
export interface LogForm extends AsyncDisposable {
  /** Another client of the same log, as another process would open it. */
  open(): Log
  /** Takes away what lies before the offset, as retention does. */
  deleteBefore(topic: string, partition: number, offset: number): Promise<void>
  /** Makes the form compact now, where it does not do so by itself. */
  compact(): Promise<void>
}

export const WAIT = { timeout: 30_000, interval: 20 }

/** A log under test with what its tests do all the time. */
export interface ContractLog {
  readonly form: LogForm
  readonly log: Log
  /** A new topic of its own. */
  topic(partitions?: number, configs?: Record<string, string>): Promise<string>
  publish(...records: OutgoingRecord[]): Promise<RecordPlace[]>
  /** The error of a publish that must fail. */
  refusal(...records: OutgoingRecord[]): Promise<AppError>
}

export function record(topic: string, value: string | null, more: Partial<OutgoingRecord> = {}): OutgoingRecord {
  const bytes = value === null ? null : Buffer.from(value)
  return { topic, partition: 0, key: Buffer.from('key'), value: bytes, headers: [], ...more }
}

/** Opened before the tests of the suite and closed after them. */
export function useContractLog(setUp: () => Promise<LogForm>): ContractLog {
  let form: LogForm
  let log: Log

  beforeAll(async () => {
    form = await setUp()
    log = form.open()
  })
  afterAll(async () => {
    await log.close()
    await form[Symbol.asyncDispose]()
  })

  async function publish(...records: OutgoingRecord[]): Promise<RecordPlace[]> {
    const publisher = log.publisher()
    try {
      return await publisher.publish(records)
    } finally {
      await publisher.close()
    }
  }

  return {
    get form() {
      return form
    },
    get log() {
      return log
    },
    async topic(partitions = 1, configs = {}) {
      const name = uniqueName('t')
      await log.createTopics([{ name, partitions, configs }])
      return name
    },
    publish,
    refusal: (...records) =>
      publish(...records).then(
        () => expect.fail('the records were taken'),
        (error: AppError) => error,
      ),
  }
}
