import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { deadLetterRecord, type RawRecord } from '@kafclaw/envelope'
import { createEmbeddedLog, type Log, readAll } from '@kafclaw/kafka'
import { createLogger } from '@kafclaw/telemetry'
import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { kafclaw, kafclawJson, type Place, type RunningKafclaw, startKafclaw } from './kafclaw-process.ts'

const IN_TIME = { timeout: 20_000, interval: 100 }
const AGENT = 'agent-x'

/** A model that never answers; counts who waits for it. */
async function startSilentModel() {
  let waiting = 0
  const server = createServer((request, response) => {
    waiting++
    request.resume()
    response.on('close', () => waiting--)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    waiting: () => waiting,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let dir: TempDir
let place: Place
let up: RunningKafclaw
let log: Log
let model: Awaited<ReturnType<typeof startSilentModel>>

beforeAll(async () => {
  dir = await tempDir()
  model = await startSilentModel()
  const variables = {
    KAFCLAW_AGENT_ID: AGENT,
    KAFCLAW_LEASE: '4s',
    KAFCLAW_MODEL_URL: model.url,
    KAFCLAW_MODEL: 'silent',
  }
  place = { dataDir: dir.path, variables }
  up = startKafclaw(place, ['up'])
  await vi.waitFor(() => expect(up.stderr()).toContain('kafclaw is ready'), IN_TIME)
  const path = join(dir.path, 'local', 'log.db')
  log = createEmbeddedLog({ path, env: createSystemEnv(), logger: createLogger({ service: 'test', level: 'silent' }) })
}, 60_000)

afterAll(async () => {
  await log.close()
  up.kill('SIGTERM')
  await up.finished
  await model.stop()
  await dir[Symbol.asyncDispose]()
}, 60_000)

async function ask(...args: string[]): Promise<string> {
  return (await kafclawJson<{ task_id: string }>(place, ['ask', '--no-wait', ...args, 'three balls'])).task_id
}

interface Shown {
  state: string
  holder: { agent_id: string; attempt: number } | null
  outcome: { payload: { status: string; error: { message: string } }; offset: number } | null
  attempts: Array<{ end: string }>
  requests: Array<{ topic: string; offset: number; counts: boolean }>
  statuses: Array<{ topic: string; offset: number; counts: boolean; payload: { status: string } }>
}

const show = (taskId: string): Promise<Shown> => kafclawJson<Shown>(place, ['tasks', 'show', taskId])

describe('tasks', { timeout: 120_000 }, () => {
  it('shows who holds a task, and cancels it: the answer stands as the outcome and the run is stopped', async () => {
    const taskId = await ask('--to', AGENT)
    await vi.waitFor(() => expect(model.waiting()).toBe(1), IN_TIME)
    const held = await show(taskId)
    expect(held).toMatchObject({ state: 'claimed', holder: { agent_id: AGENT, attempt: 1 }, outcome: null })
    expect(held.statuses).toMatchObject([
      { topic: 'group.local.tasks.status', counts: true, payload: { status: 'claimed' } },
    ])

    const cancelled = await kafclaw(place, ['tasks', 'cancel', taskId, '--reason', 'asked twice', '-o', 'json'])
    expect(cancelled).toMatchObject({ code: 0 })
    expect(cancelled.stderr).toContain(`${AGENT} stops working on it`)
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ task_id: taskId, cancelled: true, status: 'cancelled' })
    await vi.waitFor(() => expect(model.waiting()).toBe(0), IN_TIME)

    const after = await show(taskId)
    expect(after).toMatchObject({ state: 'ended', holder: null, attempts: [{ end: 'ended by another' }] })
    expect(after.outcome?.payload).toMatchObject({
      status: 'cancelled',
      error: { message: expect.stringContaining('asked twice') },
    })
    const text = (await kafclaw(place, ['tasks', 'show', taskId])).stdout
    for (const title of ['Requests', 'Attempts', 'Status records', 'Answers']) expect(text).toContain(title)
  })

  it('says which outcome was first where a task has ended before, and writes nothing', async () => {
    const taskId = await ask('--skill', 'juggling')
    const first = await kafclaw(place, ['tasks', 'cancel', taskId])
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(`${taskId} is cancelled`) })
    expect(first.stderr).toContain('nobody was working on it')
    const before = await log.offsets(['group.local.responses'])
    const second = await kafclaw(place, ['tasks', 'cancel', taskId, '-o', 'json'])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(`${AGENT}-cli had ended the task as cancelled before`)
    expect(JSON.parse(second.stdout)).toMatchObject({ cancelled: false, status: 'cancelled' })
    expect(await log.offsets(['group.local.responses'])).toEqual(before)
  })

  it('exits 1 for a task that nobody knows', async () => {
    for (const verb of ['show', 'cancel']) {
      const { code, stdout, stderr } = await kafclaw(place, ['tasks', verb, 'task_nobody'])
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain('task_nobody')
    }
  })

  it('watches: a line of JSON for each change of a task, until Ctrl-C ends it with 130', async () => {
    const known = await ask('--skill', 'juggling')
    const watching = startKafclaw(place, ['tasks', '--watch', '-o', 'json'])
    await vi.waitFor(() => expect(watching.stdout()).toContain(known), IN_TIME)
    const taskId = await ask('--skill', 'juggling')
    const statesOf = (): unknown[] =>
      watching
        .stdout()
        .trim()
        .split('\n')
        .map((line): { task_id: string; state: string } => JSON.parse(line))
        .filter(({ task_id }) => task_id === taskId)
        .map(({ state }) => state)
    await vi.waitFor(() => expect(statesOf()).toEqual(['open']), IN_TIME)
    await kafclaw(place, ['tasks', 'cancel', taskId])
    await vi.waitFor(() => expect(statesOf()).toEqual(['open', 'ended']), IN_TIME)
    watching.kill('SIGINT')
    expect((await watching.finished).code).toBe(130)
  })
})

describe('agents', { timeout: 120_000 }, () => {
  it('watches: one line for each who is there, none for a beat alone, until Ctrl-C', async () => {
    const watching = startKafclaw(place, ['agents', '--watch', '-o', 'json'])
    const agents = (): string[] =>
      watching
        .stdout()
        .trim()
        .split('\n')
        .map((line): { agent_id: string; state: string } => JSON.parse(line))
        .map(({ agent_id, state }) => `${agent_id} ${state}`)
        .toSorted()
    const all = [`${AGENT} live`, `${AGENT}-memory live`, expect.stringMatching(/^audit-sink-[0-9a-f]{6} live$/)]
    await vi.waitFor(() => expect(watching.stdout()).not.toBe(''), IN_TIME)
    const beats = (): Promise<number> =>
      log.offsets(['group.local.announce']).then((ranges) => ranges.reduce((sum, { end }) => sum + end, 0))
    const before = await beats()
    await vi.waitFor(async () => expect(await beats()).toBeGreaterThan(before + 6), IN_TIME)
    expect(agents()).toEqual(all)
    watching.kill('SIGINT')
    expect((await watching.finished).code).toBe(130)
  })
})

interface Bad {
  source: { topic: string; partition: number; offset: number }
  code: string
  reason: string
  topic: string
  partition: number
  offset: number
  other_letters: number
}

describe('dlq', { timeout: 120_000 }, () => {
  it('lists a bad record once with its reason, whoever wrote of it, and shows it by any of its positions', async () => {
    const publisher = log.publisher()
    const bad = { topic: 'group.local.requests', partition: 0, key: null, value: Buffer.from('{"type": '), headers: [] }
    const [source] = await publisher.publish([bad])
    if (!source) throw new Error('no position')
    const list = (...args: string[]): Promise<Bad[]> => kafclawJson<Bad[]>(place, ['dlq', 'list', ...args])
    await vi.waitFor(async () => expect(await list()).toHaveLength(1), IN_TIME)

    const raw: RawRecord = { ...bad, ...source, timestampMs: 0 }
    const again = deadLetterRecord(raw, { code: 'KC_ENVELOPE_INVALID', reason: 'late', by: 'agent-late', atMs: 0 })
    const [letter] = await publisher.publish([{ topic: 'group.local.dlq', partition: 0, ...again }])
    await publisher.close()
    const rows = await list()
    expect(rows).toMatchObject([
      { source: { ...source }, code: 'KC_ENVELOPE_BAD_JSON', other_letters: expect.any(Number) },
    ])
    expect(rows[0]?.other_letters).toBeGreaterThanOrEqual(1)
    expect(await list('--code', 'KC_ENVELOPE_INVALID')).toEqual([])
    expect(await list('--since', '1h')).toHaveLength(1)

    const bySource = await kafclawJson<object>(place, [
      'dlq',
      'show',
      `${source.topic}:${source.partition}:${source.offset}`,
    ])
    expect(bySource).toMatchObject({ code: 'KC_ENVELOPE_BAD_JSON', value: { text: '{"type": ' }, truncated: null })
    const byLetter = await kafclawJson<object>(place, ['dlq', 'show', `group.local.dlq/0/${letter?.offset}`])
    expect(byLetter).toEqual(bySource)
    const text = (await kafclaw(place, ['dlq', 'show', `${source.topic}:${source.partition}:${source.offset}`])).stdout
    expect(text).toContain('{"type": ')
    expect(text).toContain('by agent-late')
    expect(await kafclaw(place, ['dlq', 'show', 'group.local.requests:0:999'])).toMatchObject({ code: 1, stdout: '' })
  })

  async function putAside(request: object): Promise<string> {
    const publisher = log.publisher()
    const value = Buffer.from(JSON.stringify({ type: 'request', ...request }))
    const record = { topic: 'group.local.requests', partition: 0, key: null, value, headers: [] }
    const [source] = await publisher.publish([record])
    if (!source) throw new Error('no position')
    const why = { code: 'KC_TASK_EXHAUSTED', reason: 'given up', by: 'agent-late', atMs: 0 } as const
    const letter = deadLetterRecord({ ...record, ...source, timestampMs: 0 }, why)
    await publisher.publish([{ topic: 'group.local.dlq', partition: 0, ...letter }])
    await publisher.close()
    return `${source.topic}/${source.partition}/${source.offset}`
  }

  interface Handled {
    source: object
    state: string
    handlings: Array<{ action: string; by: string; reason: string | null; task_id: string | null }>
  }

  it('asks a request that was given up again as a new task, once, and tells who did', async () => {
    const old = 'task_given-up'
    const payload = { content: 'two balls', skill: 'juggling' }
    const source = await putAside({ correlation_id: old, labels: { integrity: 'untrusted' }, payload })
    const dry = await kafclaw(place, ['dlq', 'redrive', '--task', old, '--dry-run', '-o', 'json'])
    expect(JSON.parse(dry.stdout)).toMatchObject([{ record: source, redriven: false, why: null }])
    const redrive = () => kafclaw(place, ['dlq', 'redrive', source, '--reason', 'the balls are back', '-o', 'json'])
    const [done]: Array<{ task_id: string }> = JSON.parse((await redrive()).stdout)
    expect(done?.task_id).toMatch(/^task_/)
    expect(done?.task_id).not.toBe(old)

    const shown = await kafclawJson<{ requests: Array<{ causation_id: string; payload: object }> }>(place, [
      'tasks',
      'show',
      done?.task_id ?? '',
    ])
    expect(shown.requests).toMatchObject([
      { causation_id: expect.any(String), payload: { ...payload, parent_task_id: null } },
    ])
    const [listed] = await kafclawJson<Handled[]>(place, ['dlq', 'list', '--state', 'redriven', '--task', old])
    expect(listed).toMatchObject({
      state: 'redriven',
      handlings: [{ action: 'redriven', by: `${AGENT}-cli`, reason: 'the balls are back', task_id: done?.task_id }],
    })
    const again = await redrive()
    expect(again).toMatchObject({ code: 2, stdout: '' })
    expect(again.stderr).toContain(`redriven as ${done?.task_id}`)
    const audits = await readAll(log, ['group.local.observe.audit'])
    expect(audits.map((record) => record.key?.toString())).toEqual([`${AGENT}-cli`])
  })

  it('marks what is of no interest, and says which of several cannot be asked again', async () => {
    const good = await putAside({ correlation_id: 'task_one', payload: { content: 'one ball', skill: 'juggling' } })
    const discarded = await kafclaw(place, ['dlq', 'discard', good, '--reason', 'a test'])
    expect(discarded).toMatchObject({ code: 0, stdout: `discarded ${good}\n` })
    expect(await kafclawJson<Handled[]>(place, ['dlq', 'list', '--state', 'discarded'])).toMatchObject([
      { handlings: [{ action: 'discarded', reason: 'a test', task_id: null }] },
    ])
    // All that is left open is the record of the test before, which nobody can read.
    const { code, stdout } = await kafclaw(place, ['dlq', 'redrive', '--topic', 'requests', '-o', 'json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject([{ redriven: false, why: expect.stringContaining('BAD_JSON') }])
    expect(await kafclaw(place, ['dlq', 'discard'])).toMatchObject({ code: 2, stdout: '' })
  })
})
