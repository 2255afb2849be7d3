import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSystemEnv } from '@kafclaw/env'
import { createVirtualEnv } from '@kafclaw/env/testing'
import { formatPlace } from '@kafclaw/envelope'
import { openDatabase } from '@kafclaw/storage'
import { createLogger } from '@kafclaw/telemetry'
import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogOn } from '../src/embedded/embedded-log.ts'
import { createEmbeddedLog, type Log, readAll } from '../src/index.ts'
import { record } from './contract/contract-log.ts'
import { collect } from './reading.ts'

const WAIT = { timeout: 20_000, interval: 10 }
const HOUR_MS = 3_600_000
const logger = createLogger({ service: 'test', level: 'fatal' })

let dir: TempDir
let path: string
const children = new Set<ChildProcess>()

beforeEach(async () => {
  dir = await tempDir()
  path = join(dir.path, 'log.db')
})
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL')
    await once(child, 'close').catch(() => undefined)
  }
  children.clear()
  await dir[Symbol.asyncDispose]()
})

function open(): Log {
  return createEmbeddedLog({ path, env: createSystemEnv(), logger })
}

function startProcess(count: number): { child: ChildProcess; said(word: string): Promise<void> } {
  const file = fileURLToPath(new URL('./embedded-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['-C', '@kafclaw/source', file, path, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  child.on('close', () => children.delete(child))
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return { child, said: (word) => vi.waitFor(() => expect(output).toContain(word), WAIT) }
}

const plain = (name: string, configs: Record<string, string> = {}) => ({ name, partitions: 1, configs })

describe('one file in two processes', () => {
  it('gives each record a position of its own while both write, and hands all to both', async () => {
    await using log = disposable(open())
    await log.createTopics(['ask', 'answer', 'shared'].map((name) => plain(name)))
    await using read = collect(log, ['shared'])
    const { said } = startProcess(200)
    await said('ready')
    const publisher = log.publisher()
    const places = []
    for (let index = 0; index < 200; index++) {
      places.push(...(await publisher.publish([record('shared', `parent-${index}`)])))
      // Lets go of the process, as a service between two tasks does.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await said('published')
    await vi.waitFor(() => expect(read.records).toHaveLength(400), WAIT)
    expect(read.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 400 }, (_, index) => index))
    const lying = new Map(read.records.map((entry) => [formatPlace(entry), entry.value?.toString()]))
    for (const [index, place] of places.entries()) expect(lying.get(formatPlace(place))).toBe(`parent-${index}`)
    const theirs = read.values().filter((value) => value.startsWith('child-'))
    expect(theirs).toEqual(Array.from({ length: 200 }, (_, index) => `child-${index}`))
  })

  it('wakes the readers of the other process', async () => {
    await using log = disposable(open())
    await log.createTopics(['ask', 'answer', 'shared'].map((name) => plain(name)))
    await using read = collect(log, ['answer'])
    const { said } = startProcess(0)
    await said('ready')
    const publisher = log.publisher()
    const times: number[] = []
    for (let trip = 0; trip < 20; trip++) {
      const startMs = performance.now()
      await publisher.publish([record('ask', String(trip))])
      await vi.waitFor(() => expect(read.values().at(-1)).toBe(`re: ${trip}`), { timeout: 5_000, interval: 1 })
      times.push(performance.now() - startMs)
    }
    // Two wakes each; by the slow poll alone a trip would take some 250 ms.
    expect(times.toSorted((a, b) => a - b)[10]).toBeLessThan(150)
  })

  it('keeps what was acknowledged when a process is killed, and goes on', async () => {
    await using log = disposable(open())
    await log.createTopics(['ask', 'answer', 'shared'].map((name) => plain(name)))
    await using read = collect(log, ['shared'])
    const { child, said } = startProcess(100_000)
    await said('ready')
    await vi.waitFor(() => expect(read.records.length).toBeGreaterThan(50), WAIT)
    child.kill('SIGKILL')
    await once(child, 'close')
    const [place] = await log.publisher().publish([record('shared', 'after')])
    await vi.waitFor(() => expect(read.values().at(-1)).toBe('after'), WAIT)
    expect(place?.offset).toBe(read.records.length - 1)
    expect(read.records.map(({ offset }) => offset)).toEqual(read.records.map((_, index) => index))
  })
})

describe('an open log', () => {
  it('is the same log with the same records when it is opened again', async () => {
    const first = open()
    const clusterId = await first.clusterId()
    await first.createTopics([plain('t')])
    await first.publisher().publish([record('t', 'a')])
    await first.close()
    await using second = disposable(open())
    expect(await second.clusterId()).toBe(clusterId)
    expect((await readAll(second, ['t'])).map(({ value }) => value?.toString())).toEqual(['a'])
  })

  it('works without a file', async () => {
    await using log = disposable(createEmbeddedLog({ path: ':memory:', env: createSystemEnv(), logger }))
    await log.createTopics([plain('t')])
    await using read = collect(log, ['t'])
    await log.publisher().publish([record('t', 'a')])
    await vi.waitFor(() => expect(read.values()).toEqual(['a']), WAIT)
  })

  it('refuses a file that is locked for too long, and has written nothing', async () => {
    await using log = disposable(open())
    await log.createTopics([plain('t')])
    using other = openDatabase(path, 'log')
    other.exec('begin immediate')
    await expect(log.publisher().publish([record('t', 'a')])).rejects.toMatchObject({
      code: 'KC_STORAGE_BUSY',
      retryable: true,
    })
    other.exec('rollback')
    await log.publisher().publish([record('t', 'b')])
    expect((await readAll(log, ['t'])).map(({ value, offset }) => [offset, value?.toString()])).toEqual([[0, 'b']])
  })

  it('refuses what a full disk cannot hold, whole, and goes on when there is room', async () => {
    await using log = disposable(open())
    await log.createTopics([plain('t')])
    await log.publisher().publish([record('t', 'a')])
    const large = record('t', null, { value: Buffer.alloc(900_000, 1) })
    // SQLite's own limit of pages fails in the same way as a disk without room.
    const db = openDatabase(path, 'log')
    db.pragma(`max_page_count = ${Number(db.pragma('page_count')) + 20}`)
    await using limited = disposable(createLogOn(db, { env: createSystemEnv(), logger }))
    const publisher = limited.publisher()
    await expect(publisher.publish([record('t', 'b'), large, large])).rejects.toMatchObject({
      code: 'KC_STORAGE_FULL',
      retryable: true,
    })
    expect((await publisher.publish([record('t', 'c')]))[0]?.offset).toBe(1)
    expect((await readAll(log, ['t'])).map(({ value }) => value?.toString())).toEqual(['a', 'c'])
  })
})

it('stamps records with times that never go back, even when the clock does', async () => {
  const startMs = Date.parse('2026-01-01T12:00:00Z')
  for (const clockMs of [startMs, startMs - HOUR_MS]) {
    await using log = disposable(createEmbeddedLog({ path, env: createVirtualEnv({ startMs: clockMs }), logger }))
    await log.createTopics([plain('t', { 'retention.ms': '-1' })])
    await log.publisher().publish([record('t', String(clockMs))])
  }
  await using log = disposable(open())
  expect((await readAll(log, ['t'])).map(({ timestampMs }) => timestampMs)).toEqual([startMs, startMs])
})

describe('housekeeping', () => {
  async function opened(startMs: number) {
    const env = createVirtualEnv({ startMs })
    const log = createEmbeddedLog({ path, env, logger })
    return { env, log }
  }

  it('moves the start of a topic past its retention, hourly and at open', async () => {
    const startMs = Date.parse('2026-01-01T00:00:00Z')
    const { env, log } = await opened(startMs)
    await log.createTopics([
      plain('t', { 'retention.ms': String(1.5 * HOUR_MS) }),
      plain('kept', { 'retention.ms': '-1' }),
    ])
    await log.publisher().publish([record('t', 'a'), record('kept', 'k')])
    await env.advance(HOUR_MS + 1)
    await log.publisher().publish([record('t', 'b')])
    expect(await log.offsets(['t'])).toMatchObject([{ start: 0, end: 2 }])
    await env.advance(HOUR_MS + 1)
    expect(await log.offsets(['t'])).toMatchObject([{ start: 1, end: 2 }])
    await log.close()

    const later = await opened(startMs + 10 * HOUR_MS)
    expect(await later.log.offsets(['t', 'kept'])).toMatchObject([
      { start: 2, end: 2 },
      { start: 0, end: 1 },
    ])
    const [place] = await later.log.publisher().publish([record('t', 'c')])
    expect(place?.offset).toBe(2)
    await later.log.close()
  })

  it('keeps the last record of a key with its offset, and a tombstone only as long as readers need it', async () => {
    const startMs = Date.parse('2026-01-01T00:00:00Z')
    const { env, log } = await opened(startMs)
    await log.createTopics([plain('t', { 'cleanup.policy': 'compact', 'delete.retention.ms': String(90 * 60_000) })])
    const keyed = (key: string, value: string | null) => record('t', value, { key: Buffer.from(key) })
    await log.publisher().publish([keyed('a', '1'), keyed('b', '1'), keyed('a', '2'), keyed('b', null)])
    await env.advance(HOUR_MS + 1)
    const after = async () => {
      const db = openDatabase(path, 'log')
      const rows = db.prepare<[], { offset: number }>('select offset from record order by offset').all()
      db.close()
      return rows.map(({ offset }) => offset)
    }
    expect(await after()).toEqual([2, 3])
    await env.advance(HOUR_MS + 1)
    expect(await after()).toEqual([2])
    expect(await log.offsets(['t'])).toEqual([{ topic: 't', partition: 0, start: 0, end: 4 }])
    await log.close()

    // What compaction took from the very end is passed over too.
    await using again = disposable(open())
    await using read = collect(again, ['t'])
    await read.reader.caughtUp
    expect(read.values()).toEqual(['2'])
    expect(read.reader.lag()).toMatchObject([{ position: 4, lag: 0 }])
  })
})

function disposable(log: Log): Log & AsyncDisposable {
  return { ...log, [Symbol.asyncDispose]: () => log.close() }
}
