import { join } from 'node:path'
import { rewriteTimeline } from '@kafclaw/runtime/testing'
import { openDatabase } from '@kafclaw/storage'
import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startChatServer } from './chat-server.ts'
import { kafclaw, kafclawJson, type Place } from './kafclaw-process.ts'

let dir: TempDir
let place: Place

beforeEach(async () => {
  dir = await tempDir()
  place = { dataDir: dir.path, variables: { KAFCLAW_AGENT_ID: 'agent-x' } }
})

afterEach(() => dir[Symbol.asyncDispose]())

describe('where nothing runs', { timeout: 120_000 }, () => {
  it('says how to get a group, with exit 2, instead of making one', async () => {
    for (const args of [['tasks'], ['agents'], ['ask', 'x'], ['trace', 'task_1'], ['memory', 'add', 'x']]) {
      const { code, stdout, stderr } = await kafclaw(place, args)
      expect([args.join(' '), code, stdout]).toEqual([args.join(' '), 2, ''])
      expect(stderr).toContain('kafclaw up')
    }
  })

  it('runs the agent for one message, with memory that outlives the process', async () => {
    const told = await kafclaw(place, ['agent', '-m', 'remember that the garden gate code is 4711'])
    expect(told).toMatchObject({ code: 0 })
    const asked = await kafclaw(place, ['agent', '-m', 'what do you know about the garden gate?'])
    expect(asked.code).toBe(0)
    expect(asked.stdout).toContain('4711')
    expect(asked.stdout).toMatch(/group\.local\.memory\.shared\/0\/\d+/)
  })

  it('streams the answer of a model that speaks the OpenAI protocol, and goes on with a named conversation', async () => {
    await using server = await startChatServer((question, turns) => `You said ${question}. Turns before: ${turns}.`)
    const variables = { ...place.variables, KAFCLAW_MODEL_URL: server.url, KAFCLAW_MODEL: 'test-model' }
    const say = (text: string, ...more: string[]) => kafclaw({ ...place, variables }, ['agent', '-m', text, ...more])
    expect(await say('one', '-s', 'talk')).toMatchObject({ code: 0, stdout: 'You said one. Turns before: 0.\n' })
    expect(await say('two', '-s', 'talk')).toMatchObject({ code: 0, stdout: 'You said two. Turns before: 2.\n' })
    expect(await say('three')).toMatchObject({ code: 0, stdout: 'You said three. Turns before: 0.\n' })
  })

  it('takes the prompt from stdin, and says what is missing when there is none', async () => {
    expect((await kafclaw(place, ['agent'], 'hello\n')).stdout).toContain('offline model')
    expect(await kafclaw(place, ['agent'])).toMatchObject({ code: 2, stdout: '' })
  })

  it('traces and searches on the topics and files alone, and says so', async () => {
    await kafclaw(place, ['agent', '-m', 'remember that the lamp is green'])
    const [task] = await kafclawJson<Array<{ task_id: string; status: string }>>(place, ['tasks'])
    expect(task).toMatchObject({ status: 'completed' })
    const traced = await kafclaw(place, ['trace', task?.task_id ?? ''])
    expect(traced.stderr).toContain('reading the topics')
    expect(traced.stdout.split('\n')[0]).toMatch(
      /^request {2}agent-x-cli -> agent-x {2}group\.local\.requests:\d:0 {2}/,
    )
    const byTopic = await kafclaw(place, ['memory', 'search', 'colour of the lamp'])
    expect(byTopic.stdout).toContain('green')
    expect(byTopic.stderr).toContain('reading the topic itself')
    // Only a recall builds the index of the agent.
    await kafclaw(place, ['agent', '-m', 'what do you know about the lamp?'])
    const byFile = await kafclaw(place, ['memory', 'search', 'colour of the lamp'])
    expect(byFile.stdout).toContain('green')
    expect(byFile.stderr).toContain('the file ')
  })

  it('plans, creates, checks and lists topics, and refuses another count of partitions', async () => {
    expect((await kafclaw(place, ['topics', 'check'])).code).toBe(2)
    const plan = await kafclawJson<Array<{ state: string }>>(place, ['topics', 'plan', '--skill', 'invoice'])
    expect(plan.every(({ state }) => state === 'missing')).toBe(true)
    const applied = await kafclawJson<{ created: string[]; partitions: number }>(place, [
      'topics',
      'apply',
      '--skill',
      'invoice',
      '--partitions',
      '3',
    ])
    expect(applied).toMatchObject({ partitions: 3 })
    expect(applied.created).toHaveLength(plan.length)
    expect(applied.created).toContain('group.local.skill.invoice.requests')
    expect((await kafclaw(place, ['topics', 'check'])).code).toBe(0)
    expect((await kafclaw(place, ['topics', 'apply'])).stdout).toContain('nothing to create')
    expect((await kafclaw(place, ['topics', 'apply', '--partitions', '4'])).code).toBe(1)
    const listed = await kafclawJson<Array<{ topic: string; partitions: number }>>(place, ['topics', 'list'])
    expect(listed).toContainEqual(expect.objectContaining({ topic: 'group.local.requests', partitions: 3 }))
  })

  it('sets up another zone of the group, with topics of its own', async () => {
    const zone = ['--zone', 'lab']
    expect((await kafclaw(place, ['topics', 'apply', ...zone, '--skill', 'x', '--served-by', 'group'])).code).toBe(0)
    expect((await kafclaw(place, ['topics', 'check', ...zone])).code).toBe(0)
    expect(await kafclaw(place, ['ask', ...zone, '--no-wait', 'anybody?'])).toMatchObject({ code: 0 })
    expect(await kafclawJson<object[]>(place, ['tasks', ...zone])).toHaveLength(1)
    // It is not the zone that nobody has set up.
    expect((await kafclaw(place, ['tasks'])).code).toBe(2)
  })

  it('writes who serves a skill once, and changes it only when that is meant', async () => {
    const apply = (...args: string[]) =>
      kafclaw(place, ['topics', 'apply', '--skill', 'invoice', ...args, '-o', 'json'])
    const written = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await apply(...args)).stdout).skills_written
    expect(await written()).toEqual([])
    expect(await written('--served-by', 'group')).toEqual(['invoice'])
    expect(await written('--served-by', 'group')).toEqual([])
    expect(await written()).toEqual([])
    const refused = await apply('--skill', 'parcel', '--served-by', 'claim')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('agent-x-cli wrote so at group.local.control.skills/0/0')
    expect(refused.stderr).toContain('--change')
    // Refused is refused whole: not even the topic of the other skill is there.
    expect((await kafclaw(place, ['topics', 'list'])).stdout).not.toContain('parcel')
    expect(await written('--served-by', 'claim', '--change')).toEqual(['invoice'])
    for (const args of [['--change'], ['--served-by', 'nobody']])
      expect(await apply(...args)).toMatchObject({ code: 2 })
    expect(await kafclaw(place, ['topics', 'apply', '--served-by', 'group'])).toMatchObject({ code: 2 })
  })

  it('finds each kind of difference between a timeline and the log, and exits 1', async () => {
    await kafclaw(place, ['agent', '-m', 'hello'])
    expect((await kafclaw(place, ['audit', 'lockstep'])).code).toBe(0)
    const path = join(dir.path, 'local', 'agent-x', 'state.db')
    {
      using db = openDatabase(path, 'state')
      rewriteTimeline(db, (row) => {
        if (row.kind === 'seen' && row.type === 'request') return { ...row, record_id: 'forged' }
        if (row.kind === 'sent' && row.type === 'response') return { ...row, offset: (row.offset ?? 0) + 1000 }
        return row.kind === 'sent' && row.type === 'task_status' ? null : row
      })
    }
    const [report] = await kafclawJson<Array<{ differences: Array<{ reason: string }> }>>(
      place,
      ['audit', 'lockstep'],
      1,
    )
    expect(report?.differences.map(({ reason }) => reason).toSorted()).toEqual([
      'the log has a record of this service without a row',
      expect.stringContaining('the timeline has record forged'),
      expect.stringContaining('no such record at that position'),
    ])
  })

  it('sets positions beyond the end back to it in every file, for the topic that is named alone', async () => {
    await kafclaw(place, ['agent', '-m', 'what do you know about the moon?'])
    const memoryTopic = 'group.local.memory.shared'
    {
      using db = openDatabase(join(dir.path, 'local', 'agent-x', 'state.db'), 'state')
      db.exec(`update position set next_offset = 999 where topic in ('group.local.requests', 'group.local.responses')`)
      using memory = openDatabase(join(dir.path, 'local', 'agent-x-memory', 'memory.db'), 'memory')
      memory.exec(`insert into meta values ('position/${memoryTopic}/0', '77') on conflict do update set value = '77'`)
    }
    const accept = (topic: string) =>
      kafclawJson<Array<{ service: string; file: string; from: number; to: number }>>(place, [
        'topics',
        'accept',
        topic,
      ])
    const requests = await accept('group.local.requests')
    expect(requests.length).toBeGreaterThan(0)
    expect(requests.every(({ file, from, to }) => file === 'state.db' && from === 999 && to <= 1)).toBe(true)
    expect(await accept('group.local.requests')).toEqual([])
    expect(await accept(memoryTopic)).toMatchObject([{ service: 'agent-x-memory', file: 'memory.db', from: 77, to: 0 }])
    using db = openDatabase(join(dir.path, 'local', 'agent-x', 'state.db'), 'state', { readOnly: true })
    const left = db.prepare<[], { topic: string }>('select distinct topic from position where next_offset = 999').all()
    expect(left).toEqual([{ topic: 'group.local.responses' }])
  })
})
