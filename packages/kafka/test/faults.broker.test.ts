import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createSystemEnv } from '@kafclaw/env'
import { AppError, formatPlace } from '@kafclaw/envelope'
import { createLogger } from '@kafclaw/telemetry'
import { type FaultProxy, type Passing, sharedBrokers, uniqueName, withError } from '@kafclaw/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createKafkaLog, type Log, readAll } from '../src/index.ts'
import { API_KEYS } from '../src/kafkajs/api-keys.ts'
import { type BehindProxy, nth, openBehindProxy, valuesIn } from './behind-proxy.ts'
import { record } from './contract/contract-log.ts'
import { collect } from './reading.ts'

const WAIT = { timeout: 30_000, interval: 20 }
const env = createSystemEnv()
const logger = createLogger({ service: 'test', level: 'error' })

let behind: BehindProxy
let proxy: FaultProxy
let log: Log
let direct: Log
let topic: string

beforeEach(async () => {
  behind = await openBehindProxy()
  ;({ proxy, log, direct, topic } = behind)
})

afterEach(() => behind[Symbol.asyncDispose]())

const valuesOf = (name: string): Promise<string[]> => valuesIn(direct, name)

describe('a publisher', () => {
  it('writes once what was written but not acknowledged because the connection broke', async () => {
    proxy.onAnswer = nth(2, API_KEYS.produce, () => 'cut')
    const publisher = log.publisher()
    await publisher.publish([record(topic, 'a')])
    const places = await publisher.publish([record(topic, 'b'), record(topic, 'c', { partition: 1 })])
    expect(places.map(formatPlace)).toEqual([`${topic}/0/1`, `${topic}/1/0`])
    expect((await valuesOf(topic)).sort()).toEqual(['a', 'b', 'c'])
  })

  it('writes once what was lost on the way to the broker', async () => {
    proxy.onRequest = nth(2, API_KEYS.produce, () => 'cut')
    const publisher = log.publisher()
    await publisher.publish([record(topic, 'a')])
    await publisher.publish([record(topic, 'b')])
    expect(await valuesOf(topic)).toEqual(['a', 'b'])
  })

  it('loses nothing and writes nothing twice while connections are cut again and again under load', async () => {
    let answers = 0
    proxy.onAnswer = ({ apiKey }) => (apiKey === API_KEYS.produce && ++answers % 7 === 0 ? 'cut' : 'pass')
    let requests = 0
    proxy.onRequest = ({ apiKey }) => (apiKey === API_KEYS.produce && ++requests % 11 === 0 ? 'cut' : 'pass')
    const publisher = log.publisher()
    const calls = Array.from({ length: 200 }, (_, index) =>
      publisher.publish([record(topic, `v${index}`, { key: null, partition: index % 2 }), record(topic, `w${index}`)]),
    )
    const places = (await Promise.all(calls)).map((call) => call.map(formatPlace))
    const read = await readAll(direct, [topic])
    expect(read).toHaveLength(400)
    const lying = new Map(read.map((entry) => [formatPlace(entry), entry.value?.toString()]))
    for (const [index, [v = '', w = '']] of places.entries()) {
      expect([lying.get(v), lying.get(w)]).toEqual([`v${index}`, `w${index}`])
    }
  })

  it('takes a partition that the answer leaves out for not acknowledged', async () => {
    proxy.onAnswer = nth(1, API_KEYS.produce, ({ frame }) => {
      // The correlation id, no topics, no throttling.
      const empty = Buffer.alloc(16)
      empty.writeInt32BE(12, 0)
      frame.copy(empty, 4, 4, 8)
      return empty
    })
    const retries: AppError[] = []
    const publisher = log.publisher({ onRetry: (error) => void retries.push(error) })
    expect((await publisher.publish([record(topic, 'a')])).map(formatPlace)).toEqual([`${topic}/0/0`])
    expect(retries[0]?.message).toContain('left partition 0')
    expect(await valuesOf(topic)).toEqual(['a'])
  })

  it.each([
    ['another broker leads now', 6, 'NOT_LEADER_OR_FOLLOWER'],
    ['the leader waited in vain for its replicas', 7, 'REQUEST_TIMED_OUT'],
    ['too few replicas are in sync', 19, 'NOT_ENOUGH_REPLICAS'],
    ['its sequence number does not follow', 45, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['the broker does not know the producer id any more', 59, 'UNKNOWN_PRODUCER_ID'],
  ])('sends again when %s', async (_why, errorCode, name) => {
    const retries: string[] = []
    const publisher = log.publisher({ onRetry: (error) => void retries.push(error.message) })
    await publisher.publish([record(topic, 'a')])
    proxy.onRequest = nth(1, API_KEYS.produce, ({ frame }) => {
      proxy.onAnswer = ({ apiKey, frame: answer }) => {
        if (apiKey !== API_KEYS.produce) return 'pass'
        proxy.onAnswer = () => 'pass'
        return withError(answer, 'produce', errorCode, 0)
      }
      // Asked for a partition that is not there, so that nothing is written by the answer that is turned into the error.
      const nowhere = Buffer.from(frame)
      const at = nowhere.lastIndexOf(topic) + topic.length + 4
      nowhere.writeInt32BE(77, at)
      return nowhere
    })
    expect((await publisher.publish([record(topic, 'b')])).map(formatPlace)).toEqual([`${topic}/0/1`])
    expect(retries).toEqual([expect.stringContaining(name)])
    expect((await publisher.publish([record(topic, 'c')])).map(formatPlace)).toEqual([`${topic}/0/2`])
    expect(await valuesOf(topic)).toEqual(['a', 'b', 'c'])
  })

  it('says that the fate is unknown when no answer comes, and never repeats it with retries off', async () => {
    proxy.onAnswer = nth(1, API_KEYS.produce, () => 'drop')
    const publisher = log.publisher({ lane: 'heartbeat', requestTimeoutMs: 500, retries: 0 })
    const failure = await publisher.publish([record(topic, 'a')]).catch((error: AppError) => error)
    expect(failure).toMatchObject({ code: 'KC_KAFKA_TIMEOUT', retryable: true, details: { failed: [0] } })
    await publisher.publish([record(topic, 'b')])
    expect(await valuesOf(topic)).toEqual(['a', 'b'])
  })

  it('sends again after an answer that did not come in time, and writes once', async () => {
    proxy.onAnswer = nth(1, API_KEYS.produce, () => 'drop')
    const publisher = log.publisher({ requestTimeoutMs: 500 })
    await publisher.publish([record(topic, 'a')])
    expect(await valuesOf(topic)).toEqual(['a'])
  })

  it('is ready for new topics after one that it wrote to was deleted', async () => {
    const publisher = log.publisher()
    await publisher.publish([record(topic, 'a')])
    await direct.deleteTopics([topic])
    await expect(publisher.publish([record(topic, 'b')])).rejects.toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC' })
    const next = uniqueName('next')
    await direct.createTopics([{ name: next, partitions: 1, configs: {} }])
    await publisher.publish([record(next, 'c')])
    await direct.createTopics([{ name: topic, partitions: 1, configs: {} }])
    expect((await publisher.publish([record(topic, 'd')])).map(formatPlace)).toEqual([`${topic}/0/0`])
  })

  it('gives up within its budget, naming the addresses, when nothing listens', async () => {
    const nowhere = createKafkaLog({ brokers: ['127.0.0.1:9', '127.0.0.1:10'], clientId: 'test', env, logger })
    const publisher = nowhere.publisher({ requestTimeoutMs: 400, retries: 1 })
    const failure = await publisher.publish([record(topic, 'a')]).catch((error: AppError) => error)
    expect(failure).toMatchObject({ code: 'KC_KAFKA_UNREACHABLE', retryable: true })
    expect(failure instanceof AppError && failure.message).toMatch(/127\.0\.0\.1:9, 127\.0\.0\.1:10.*ECONNREFUSED/)
    await nowhere.close()
  })

  it('closes quickly while it is retrying', async () => {
    proxy.onRequest = ({ apiKey }) => (apiKey === API_KEYS.produce ? 'drop' : 'pass')
    const publisher = log.publisher({ retries: Number.POSITIVE_INFINITY })
    const failure = publisher.publish([record(topic, 'a')]).catch((error: AppError) => error)
    await vi.waitFor(() => expect(proxy.counts.get(API_KEYS.produce)).toBeGreaterThan(0), WAIT)
    const startMs = performance.now()
    await publisher.close()
    expect(performance.now() - startMs).toBeLessThan(2_500)
    expect(await failure).toMatchObject({ code: 'KC_KAFKA_TIMEOUT' })
  })

  it('waits as long as the broker asks it to', async () => {
    proxy.onAnswer = nth(1, API_KEYS.produce, ({ frame }) => {
      const slowed = Buffer.from(frame)
      slowed.writeInt32BE(700, slowed.length - 4)
      return slowed
    })
    const publisher = log.publisher()
    await publisher.publish([record(topic, 'a')])
    const startMs = performance.now()
    await publisher.publish([record(topic, 'b')])
    expect(performance.now() - startMs).toBeGreaterThan(500)
    expect(await valuesOf(topic)).toEqual(['a', 'b'])
  })
})

describe('both', () => {
  /** FindCoordinator, JoinGroup, Heartbeat, LeaveGroup, SyncGroup, OffsetCommit, OffsetFetch, AddPartitionsToTxn, EndTxn. */
  const GROUPS_AND_TRANSACTIONS = [8, 9, 10, 11, 12, 13, 14, 24, 26]

  it('join no consumer group and begin no transaction', async () => {
    await using read = collect(log, [topic])
    await log.publisher().publish([record(topic, 'a')])
    await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
    expect([...proxy.counts.keys()].filter((apiKey) => GROUPS_AND_TRANSACTIONS.includes(apiKey))).toEqual([])
  })

  it('never ask a broker to create a topic', async () => {
    const missing = uniqueName('missing')
    await using read = collect(log, [missing])
    await read.reader.caughtUp
    await expect(log.publisher().publish([record(missing, 'a')])).rejects.toMatchObject({
      code: 'KC_KAFKA_UNKNOWN_TOPIC',
    })
    expect(await direct.listTopics()).not.toContain(missing)
  })

  it('ask another broker while one takes connections and says nothing, as one does that is just starting', async () => {
    const given = Promise.withResolvers<'given up'>()
    const mute = createServer((socket) =>
      socket
        .resume()
        .on('error', () => undefined)
        .on('close', () => given.resolve('given up')),
    )
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as AddressInfo
    const brokers = [`127.0.0.1:${port}`, ...sharedBrokers()]
    const both = createKafkaLog({ brokers, clientId: uniqueName('mute'), env, logger })
    try {
      // Before the time is over that an answer may take.
      expect(await Promise.race([both.clusterId(), given.promise])).toBe(await direct.clusterId())
    } finally {
      await both.close()
      mute.close()
    }
  })

  it('arm no timer while nothing has to wait', async () => {
    const publisher = log.publisher()
    await publisher.publish([record(topic, 'a')])
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    const armed = vi.spyOn(globalThis, 'setTimeout')
    const warnings: string[] = []
    const onWarning = (warning: Error) => void warnings.push(warning.name)
    process.on('warning', onWarning)
    await publisher.publish([record(topic, 'b')])
    await delay(500)
    // kafkajs as it comes arms one each millisecond and connection.
    expect(armed.mock.calls.length).toBeLessThan(20)
    expect(warnings).toEqual([])
    armed.mockRestore()
    process.off('warning', onWarning)
  })

  it('log nothing above debug while they retry', async () => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const talkative = createLogger({ service: 'test', level: 'debug', destination })
    const other = createKafkaLog({ brokers: [proxy.address], clientId: 'talkative', env, logger: talkative })
    await using read = collect(other, [topic])
    await read.reader.caughtUp
    const publisher = other.publisher()
    await publisher.publish([record(topic, 'a')])
    proxy.cutAll()
    await publisher.publish([record(topic, 'b')])
    await vi.waitFor(() => expect(read.values()).toEqual(['a', 'b']), WAIT)
    await other.close()
    expect(lines.some((line) => line.includes('disconnected'))).toBe(true)
    expect(new Set(lines.map((line) => JSON.parse(line).level))).toEqual(new Set(['debug']))
  })
})

describe('a reader', () => {
  async function publish(...values: string[]): Promise<void> {
    const publisher = direct.publisher()
    await publisher.publish(values.map((value) => record(topic, value)))
    await publisher.close()
  }

  it('goes on without loss or repetition when its connections are cut, and says so', async () => {
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    for (const value of ['a', 'b', 'c']) {
      await publish(value)
      proxy.cutAll()
    }
    await publish('d')
    await vi.waitFor(() => expect(read.values()).toEqual(['a', 'b', 'c', 'd']), WAIT)
    const kinds = new Set(read.events.map(({ kind }) => kind))
    expect(kinds).toContain('disconnected')
    expect(kinds).toContain('connected')
  })

  it('asks who leads when a broker says that it does not', async () => {
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    const before = proxy.counts.get(API_KEYS.metadata) ?? 0
    proxy.onAnswer = nth(1, API_KEYS.fetch, ({ frame }) => withError(frame, 'fetch', 6))
    await publish('a', 'b')
    await vi.waitFor(() => expect(read.values()).toEqual(['a', 'b']), WAIT)
    expect(proxy.counts.get(API_KEYS.metadata)).toBeGreaterThan(before)
  })

  it.each([3, 5, 56, 74, 78])('goes on after error code %i of one partition', async (errorCode) => {
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    proxy.onAnswer = nth(1, API_KEYS.fetch, ({ frame }) => withError(frame, 'fetch', errorCode))
    await publish('a')
    await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
  })

  it('compares positions with the log when told that one is out of range, and goes on where it stands', async () => {
    await publish('a', 'b')
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    proxy.onAnswer = nth(1, API_KEYS.fetch, ({ frame }) => withError(frame, 'fetch', 1))
    await publish('c')
    await vi.waitFor(() => expect(read.values()).toEqual(['a', 'b', 'c']), WAIT)
    expect(read.events.some(({ kind }) => kind === 'below_start' || kind === 'beyond_end')).toBe(false)
  })

  it('ends when it may not read the topic, and names it', async () => {
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    proxy.onAnswer = nth(1, API_KEYS.fetch, ({ frame }) => withError(frame, 'fetch', 29))
    const failure = await read.reader.ended.catch((error: AppError) => error)
    expect(failure).toMatchObject({ code: 'KC_KAFKA_NOT_AUTHORISED' })
    expect(failure instanceof AppError && failure.message).toContain(topic)
  })

  it('waits as long as the broker asks it to', async () => {
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    proxy.onAnswer = nth(1, API_KEYS.fetch, ({ frame }) => {
      const slowed = Buffer.from(frame)
      slowed.writeInt32BE(1_000, 8)
      return slowed
    })
    const startMs = performance.now()
    await vi.waitFor(() => expect(proxy.counts.get(API_KEYS.fetch)).toBeGreaterThan(2), WAIT)
    const fetches = proxy.counts.get(API_KEYS.fetch) ?? 0
    await publish('a')
    await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
    expect(performance.now() - startMs).toBeGreaterThan(500)
    expect((proxy.counts.get(API_KEYS.fetch) ?? 0) - fetches).toBeLessThan(10)
  })

  it('closes at once while a fetch waits at a broker that does not answer', async () => {
    const read = collect(log, [topic])
    await read.reader.caughtUp
    proxy.onAnswer = () => 'drop'
    await publish('a')
    const startMs = performance.now()
    await read.reader.close()
    expect(performance.now() - startMs).toBeLessThan(1_000)
  })

  it('closes at once while no broker can be reached', async () => {
    const nowhere = createKafkaLog({ brokers: ['127.0.0.1:9'], clientId: 'test', env, logger })
    const read = collect(nowhere, [topic])
    await vi.waitFor(() => expect(read.events.map(({ kind }) => kind)).toContain('retrying'), WAIT)
    const retrying = read.events.find((event) => event.kind === 'retrying')
    expect(retrying?.kind === 'retrying' && retrying.error.code).toBe('KC_KAFKA_UNREACHABLE')
    const startMs = performance.now()
    await read.reader.close()
    expect(performance.now() - startMs).toBeLessThan(500)
    await nowhere.close()
  })

  it('reads a batch with a broken checksum again, and passes over it with a gap when it stays broken', async () => {
    await publish('a')
    await using read = collect(log, [topic])
    await read.reader.caughtUp
    const broken = (value: string) => (passing: Passing) => {
      const at = passing.apiKey === API_KEYS.fetch ? passing.frame.indexOf(value) : -1
      if (at < 0) return 'pass'
      passing.frame[at] = 0
      return passing.frame
    }
    let left = 2
    proxy.onAnswer = (passing) => (passing.frame.includes('second') && left-- > 0 ? broken('second')(passing) : 'pass')
    await publish('second')
    await vi.waitFor(() => expect(read.values()).toEqual(['a', 'second']), WAIT)
    expect(read.events.some(({ kind }) => kind === 'corrupt_batch')).toBe(false)

    proxy.onAnswer = broken('third')
    await publish('third')
    await publish('fourth')
    await vi.waitFor(() => expect(read.values()).toEqual(['a', 'second', 'fourth']), WAIT)
    const event = read.events.find(({ kind }) => kind === 'corrupt_batch')
    expect(event).toMatchObject({ topic, partition: 0, from: 2, to: 3, error: { code: 'KC_KAFKA_UNREADABLE' } })
    expect(read.batches.find(({ gap }) => gap)).toMatchObject({
      gap: { from: 2, to: 3, reason: 'corrupt' },
      nextOffset: 3,
    })
  })
})
