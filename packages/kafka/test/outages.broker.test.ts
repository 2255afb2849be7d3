import { createSystemEnv } from '@kafclaw/env'
import { type AppError, formatPlace } from '@kafclaw/envelope'
import { createLogger } from '@kafclaw/telemetry'
import { uniqueName } from '@kafclaw/testing'
import { startBroker, type TestBroker } from '@kafclaw/testing/broker'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createKafkaLog, type Log, readAll } from '../src/index.ts'
import { record } from './contract/contract-log.ts'
import { canStartBroker } from './own-broker.ts'
import { collect } from './reading.ts'

const WAIT = { timeout: 60_000, interval: 50 }
const env = createSystemEnv()
const logger = createLogger({ service: 'test', level: 'error' })

describe.skipIf(!canStartBroker)('while the broker comes and goes', () => {
  let broker: TestBroker
  let log: Log
  let topic: string

  beforeAll(async () => {
    broker = await startBroker()
    log = createKafkaLog({ brokers: broker.brokers, clientId: 'outages', env, logger })
  })
  afterAll(async () => {
    await log.close()
    await broker.stop()
  })
  beforeEach(async () => {
    topic = uniqueName('t')
    await log.createTopics([{ name: topic, partitions: 3, configs: {} }])
  })

  it('loses no acknowledged record and writes none twice when the broker is killed under load', async () => {
    const publisher = log.publisher({ retries: Number.POSITIVE_INFINITY })
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    const acknowledged = new Map<string, string>()
    let stop = false
    const load = (async () => {
      for (let round = 0; !stop; round++) {
        const values = Array.from({ length: 12 }, (_, index) => `r${round}-${index}`)
        const places = await publisher.publish(
          values.map((value, index) => record(topic, value, { partition: index % 3 })),
        )
        for (const [index, place] of places.entries()) acknowledged.set(formatPlace(place), values[index] ?? '')
      }
    })()
    for (let kill = 0; kill < 2; kill++) {
      const before = acknowledged.size
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 300), WAIT)
      await broker.kill()
      await broker.restart()
    }
    const before = acknowledged.size
    await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 300), WAIT)
    stop = true
    await load
    await publisher.close()

    const lying = await readAll(log, [topic])
    expect(new Map(lying.map((entry) => [formatPlace(entry), entry.value?.toString()]))).toEqual(acknowledged)
    expect(new Set(lying.map(({ value }) => value?.toString())).size).toBe(lying.length)
    // The reader that lived through it has seen each of them once, in order.
    await vi.waitFor(() => expect(read.records.length).toBe(lying.length), WAIT)
    expect(new Set(read.records.map(formatPlace)).size).toBe(lying.length)
    for (const partition of [0, 1, 2]) {
      const offsets = read.records.filter((entry) => entry.partition === partition).map(({ offset }) => offset)
      expect(offsets).toEqual(offsets.map((_, index) => index))
    }
  })

  it('calls a batch that met a frozen broker unknown, and goes on when it wakes', async () => {
    const impatient = log.publisher({ lane: 'heartbeat', requestTimeoutMs: 500, retries: 0 })
    const patient = log.publisher({ requestTimeoutMs: 500, retries: Number.POSITIVE_INFINITY })
    await impatient.publish([record(topic, 'a')])
    await patient.publish([record(topic, 'b')])
    await broker.pause()
    let places: unknown = null
    const waiting = patient.publish([record(topic, 'once', { partition: 1 })]).then((result) => {
      places = result
    })
    const startMs = performance.now()
    const failure = await impatient.publish([record(topic, 'maybe')]).catch((error: AppError) => error)
    expect(failure).toMatchObject({ code: 'KC_KAFKA_TIMEOUT', retryable: true })
    expect(performance.now() - startMs).toBeLessThan(2_500)
    expect(places).toBeNull()
    await broker.resume()
    await waiting
    await impatient.publish([record(topic, 'c')])
    const lying = (await readAll(log, [topic])).map(({ value }) => value?.toString())
    expect(lying.filter((value) => value === 'once')).toHaveLength(1)
    expect(lying.filter((value) => value === 'maybe').length).toBeLessThanOrEqual(1)
    expect(lying).toEqual(expect.arrayContaining(['a', 'b', 'c', 'once']))
  })

  it('starts a reader while the broker is away, and reads when it comes', async () => {
    const publisher = log.publisher()
    await publisher.publish([record(topic, 'a')])
    await broker.kill()
    await using read = collect(log, [topic])
    await vi.waitFor(() => expect(read.events.map(({ kind }) => kind)).toContain('retrying'), WAIT)
    await broker.restart()
    await read.reader.caughtUp
    expect(read.values()).toEqual(['a'])
  })
})
