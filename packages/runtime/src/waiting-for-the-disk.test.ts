import { createVirtualEnv } from '@kafclaw/env/testing'
import { AppError } from '@kafclaw/envelope'
import type { OutgoingRecord, Publisher } from '@kafclaw/kafka'
import { createLogger } from '@kafclaw/telemetry'
import { expect, it } from 'vitest'
import { createGroupCommit } from './group-commit.ts'
import { createOutboxRelay } from './outbox-relay.ts'

const LOST = new AppError('KC_STORAGE_FAILED', 'The disk failed.')

function startRelay(synced: () => Promise<void>) {
  const env = createVirtualEnv()
  const published: OutgoingRecord[] = []
  const publisher: Publisher = {
    async publish(records) {
      published.push(...records)
      return records.map(({ topic, partition }) => ({ topic, partition, offset: 0 }))
    },
    close: async () => {},
  }
  const relay = createOutboxRelay({
    publisher,
    env,
    logger: createLogger({ service: 'test', level: 'silent' }),
    synced,
    onAcknowledged: () => undefined,
    onRefused: async () => undefined,
  })
  const record: OutgoingRecord = { topic: 'requests', partition: 0, key: null, value: null, headers: [] }
  relay.enqueue([{ seq: 1, timelineSeq: 1, record, isEnvelope: false }])
  return { env, relay, published }
}

it('a record is not sent before the disk has it', async () => {
  const disk = Promise.withResolvers<void>()
  const { env, published } = startRelay(() => disk.promise)
  await env.advance(10_000)
  expect(published).toEqual([])
  disk.resolve()
  await env.advance(0)
  expect(published).toHaveLength(1)
})

it('nothing is sent after the disk has failed', async () => {
  const { env, relay, published } = startRelay(() => Promise.reject(LOST))
  await env.advance(60_000)
  expect(published).toEqual([])
  await relay.stop()
})

function openCommit(synced: () => Promise<void>) {
  const env = createVirtualEnv()
  const commit = createGroupCommit({
    env,
    signal: new AbortController().signal,
    transact: (work) => work(),
    synced,
    onStorageTrouble: () => undefined,
  })
  return { env, commit }
}

it('nobody is told that work is stored before the disk has it, and the next transaction does not wait for that', async () => {
  const disk = Promise.withResolvers<void>()
  const { env, commit } = openCommit(() => disk.promise)
  const told: string[] = []
  const done: string[] = []
  for (const name of ['a', 'b']) {
    void commit.submit(() => done.push(name)).then(() => told.push(name))
    await env.advance(10)
  }
  expect(done).toEqual(['a', 'b'])
  expect(told).toEqual([])
  disk.resolve()
  await commit.settled()
  expect(told).toEqual(['a', 'b'])
})

it('work on a disk that has failed is not told to be stored', async () => {
  const { env, commit } = openCommit(() => Promise.reject(LOST))
  const submitted = commit.submit(() => 1)
  const refused = expect(submitted).rejects.toBe(LOST)
  await env.advance(10)
  await refused
})
