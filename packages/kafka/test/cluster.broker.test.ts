import { createSystemEnv } from '@kafclaw/env'
import { formatPlace } from '@kafclaw/envelope'
import { createLogger } from '@kafclaw/telemetry'
import { createLink, type Link, uniqueName } from '@kafclaw/testing'
import { startCluster, type TestCluster } from '@kafclaw/testing/broker'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createKafkaLog, type Log, readAll } from '../src/index.ts'
import { record } from './contract/contract-log.ts'
import { canStartBroker } from './own-broker.ts'
import { collect } from './reading.ts'

const WAIT = { timeout: 60_000, interval: 50 }
const env = createSystemEnv()
const logger = createLogger({ service: 'test', level: 'error' })

describe.skipIf(!canStartBroker)('on three brokers', () => {
  let cluster: TestCluster
  let link: Link
  let log: Log
  let topic: string

  beforeAll(async () => {
    cluster = await startCluster()
    link = await createLink(cluster.brokers)
    log = createKafkaLog({ brokers: link.brokers, clientId: 'cluster', env, logger })
    topic = uniqueName('t')
    await log.createTopics([{ name: topic, partitions: 6, configs: {} }])
  })
  afterAll(async () => {
    await log.close()
    await link[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
  })

  it('every topic lies on all of them', async () => {
    const [description] = await log.describe([topic])
    expect(description).toMatchObject({ replicationFactor: 3, configs: { 'min.insync.replicas': '2' } })
  })

  it('no acknowledged record is lost, and none is there twice, when each of them is killed in turn', async () => {
    const publisher = log.publisher({ retries: Number.POSITIVE_INFINITY })
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    const acknowledged = new Map<string, string>()
    let stop = false
    const load = (async () => {
      for (let round = 0; !stop; round++) {
        const values = Array.from({ length: 12 }, (_, index) => `r${round}-${index}`)
        const places = await publisher.publish(values.map((value, n) => record(topic, value, { partition: n % 6 })))
        for (const [index, place] of places.entries()) acknowledged.set(formatPlace(place), values[index] ?? '')
      }
    })()
    for (const node of cluster.nodes) {
      const before = acknowledged.size
      await node.kill()
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 100), WAIT)
      await node.restart()
    }
    stop = true
    await load
    await publisher.close()
    const lying = await readAll(log, [topic])
    expect(new Map(lying.map((entry) => [formatPlace(entry), entry.value?.toString()]))).toEqual(acknowledged)
    expect(new Set(lying.map(({ value }) => value?.toString())).size).toBe(lying.length)
    await vi.waitFor(() => expect(read.records.length).toBe(lying.length), WAIT)
  }, 240_000)

  it('whoever comes over a line reaches no broker past it', async () => {
    link.set({ kind: 'blackhole' })
    const publisher = log.publisher({ requestTimeoutMs: 500, retries: 0 })
    for (const partition of [0, 1, 2, 3, 4, 5])
      await expect(publisher.publish([record(topic, 'lost', { partition })])).rejects.toThrow()
    link.set({ kind: 'none' })
    await publisher.close()
  })
})
