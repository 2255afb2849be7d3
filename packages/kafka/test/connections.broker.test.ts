import { uniqueName } from '@kafclaw/testing'
import { describe, expect, it, vi } from 'vitest'
import { API_KEYS } from '../src/kafkajs/api-keys.ts'
import { nth, openBehindProxy, valuesIn } from './behind-proxy.ts'
import { record } from './contract/contract-log.ts'
import { collect } from './reading.ts'

const WAIT = { timeout: 30_000, interval: 20 }
const API_VERSIONS = 18

describe('a publisher that is told its topics', () => {
  it('asks the brokers everything before its first record', async () => {
    await using behind = await openBehindProxy()
    const { log, direct, proxy, topic } = behind
    // A broker that has just started may have no producer ids at hand.
    await direct.publisher().publish([record(topic, 'before')])
    const publisher = log.publisher({ topics: [topic] })
    await vi.waitFor(() => expect(proxy.counts.get(API_KEYS.initProducerId)).toBe(1), WAIT)
    const asked = proxy.counts.get(API_KEYS.metadata)
    await publisher.publish([record(topic, 'a'), record(topic, 'b', { partition: 1 })])
    expect(proxy.counts.get(API_KEYS.initProducerId)).toBe(1)
    expect(proxy.counts.get(API_KEYS.metadata)).toBe(asked)
    expect((await valuesIn(direct, topic)).sort()).toEqual(['a', 'b', 'before'])
  })

  it.each([API_KEYS.metadata, API_KEYS.initProducerId])(
    'writes all the same where that could not be done (request %s)',
    async (apiKey) => {
      await using behind = await openBehindProxy()
      const { log, direct, proxy, topic } = behind
      proxy.onRequest = nth(1, apiKey, () => 'cut')
      const publisher = log.publisher({ topics: [topic] })
      await vi.waitFor(() => expect(proxy.counts.get(apiKey)).toBe(1), WAIT)
      await publisher.publish([record(topic, 'a')])
      expect(await valuesIn(direct, topic)).toEqual(['a'])
    },
  )

  it('writes to a topic that was not there when it was told of it', async () => {
    await using behind = await openBehindProxy()
    const { log, direct, proxy } = behind
    const later = uniqueName('later')
    const publisher = log.publisher({ topics: [later] })
    await vi.waitFor(() => expect(proxy.counts.get(API_KEYS.metadata)).toBe(1), WAIT)
    await direct.createTopics([{ name: later, partitions: 1, configs: {} }])
    await publisher.publish([record(later, 'a')])
    expect(await valuesIn(direct, later)).toEqual(['a'])
  })

  it('closes at once while it connects ahead', async () => {
    await using behind = await openBehindProxy()
    const { log, proxy, topic } = behind
    proxy.onRequest = ({ apiKey }) => (apiKey === API_KEYS.metadata ? 'drop' : 'pass')
    const publisher = log.publisher({ topics: [topic] })
    await vi.waitFor(() => expect(proxy.counts.get(API_KEYS.metadata)).toBe(1), WAIT)
    await publisher.close()
    // Long before the question would have been given up.
    expect(proxy.counts.get(API_KEYS.metadata)).toBe(1)
  })
})

describe('a broker', () => {
  it('is asked once what it speaks, while the connection on which it has said so is open', async () => {
    await using behind = await openBehindProxy()
    const { log, direct, proxy, topic } = behind
    await using first = collect(log, [topic])
    await first.reader.caughtUp
    await using second = collect(log, [topic])
    await second.reader.caughtUp
    await direct.publisher().publish([record(topic, 'a')])
    await vi.waitFor(() => expect([...first.values(), ...second.values()]).toEqual(['a', 'a']), WAIT)
    expect(proxy.counts.get(API_VERSIONS)).toBe(1)
  })
})
