import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startChatServer } from './chat-server.ts'
import { kafclaw, kafclawJson, type Place, type RunningKafclaw, startKafclaw } from './kafclaw-process.ts'

const IN_TIME = { timeout: 20_000, interval: 100 }
const AGENT = 'agent-x'

let dir: TempDir
let place: Place
let up: RunningKafclaw

beforeAll(async () => {
  dir = await tempDir()
  place = { dataDir: dir.path, variables: { KAFCLAW_AGENT_ID: AGENT, KAFCLAW_LEASE: '4s' } }
  up = startKafclaw(place, ['up'])
  await vi.waitFor(() => expect(up.stderr()).toContain('kafclaw is ready'), IN_TIME)
}, 60_000)

afterAll(async () => {
  up.kill('SIGTERM')
  const { code } = await up.finished
  await dir[Symbol.asyncDispose]()
  // A clean stop is part of what `up` promises.
  expect(code).toBe(0)
}, 60_000)

interface TaskRow {
  task_id: string
  state: string
  status: string | null
  agent_id: string
}

interface TreeNode {
  type: string
  sender_id: string
  topic: string
  partition: number
  offset: number
  children: TreeNode[]
}

const flatten = (nodes: readonly TreeNode[]): TreeNode[] => nodes.flatMap((node) => [node, ...flatten(node.children)])

describe('beside a running `up` on the embedded log', { timeout: 120_000 }, () => {
  it('asks and prints the answer on stdout alone, the task id and the progress on stderr', async () => {
    const { code, stdout, stderr } = await kafclaw(place, ['ask', 'hello'])
    expect(code).toBe(0)
    expect(stdout).toContain('offline model')
    expect(stdout).not.toContain('task_')
    expect(stderr).toMatch(/^task task_[0-9a-f-]+$/m)
    expect(stderr).toContain(`${AGENT} works on it`)
    expect(stderr).not.toContain('warning')
  })

  it('lists the task as ended, and traces it through the audit sink by task id and by position', async () => {
    const asked = await kafclawJson<{ task_id: string; topic: string; partition: number; offset: number }>(place, [
      'ask',
      '--no-wait',
      '--to',
      AGENT,
      'remember that the tea is in the left cupboard',
    ])
    await vi.waitFor(async () => {
      const tasks = await kafclawJson<TaskRow[]>(place, ['tasks'])
      const row = tasks.find(({ task_id }) => task_id === asked.task_id)
      expect(row).toMatchObject({ state: 'ended', status: 'completed', agent_id: AGENT })
    }, IN_TIME)
    const { stderr, stdout } = await kafclaw(place, ['trace', asked.task_id, '-o', 'json'])
    expect(stderr).not.toContain('reading the topics')
    const tree: TreeNode[] = JSON.parse(stdout)
    expect(tree[0]).toMatchObject({
      type: 'request',
      topic: asked.topic,
      partition: asked.partition,
      offset: asked.offset,
    })
    expect(flatten(tree).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['request', 'task_status', 'trace', 'memory', 'response']),
    )
    const byPlace = await kafclawJson<TreeNode[]>(place, ['trace', `${asked.topic}:${asked.partition}:${asked.offset}`])
    expect(byPlace).toEqual(tree)
  })

  it('shows the journal of a task: its steps, who ran them and what they took', async () => {
    const { task_id } = await kafclawJson<{ task_id: string }>(place, ['ask', 'remember that the mop is in the shed'])
    const shown = await kafclawJson<object>(place, ['run', 'show', task_id])
    expect(shown).toMatchObject({
      status: 'completed',
      finished_steps: 3,
      complete: true,
      attempts: [{ agent_id: AGENT, boot: 1, host: expect.any(String), executed: 3, replayed: 0, end: 'answered' }],
      steps: [
        { step: 0, kind: 'model', state: 'done', replayed_by: [] },
        { step: 1, kind: 'tool', name: 'memory.remember', state: 'done', intent: { partition: expect.any(Number) } },
        { step: 2, kind: 'model', state: 'done', result: { output: { content: expect.any(String) } } },
      ],
    })
    const { stdout } = await kafclaw(place, ['run', 'show', task_id])
    for (const title of ['Attempts', 'Steps', 'REPLAYED BY']) expect(stdout).toContain(title)
    expect(await kafclaw(place, ['run', 'show', 'task_nobody'])).toMatchObject({ code: 1, stdout: '' })
  })

  it('replays a run from its journal: nothing is written, and any other outcome exits 1', async () => {
    const question = 'remember that the rake is in the barn'
    const { task_id } = await kafclawJson<{ task_id: string }>(place, ['ask', question])
    const items = () => kafclawJson<Array<{ topic: string }>>(place, ['topics', 'list'])
    const before = await items()
    const replay = (...args: string[]) => kafclaw(place, ['run', 'replay', task_id, ...args, '-o', 'json'])
    const same = await replay()
    expect(same).toMatchObject({ code: 0, stderr: 'the same outcome\n' })
    expect(JSON.parse(same.stdout)).toMatchObject({
      same: true,
      divergence: null,
      steps: [{}, { source: 'journal' }, {}],
    })
    const again = await replay('--model', 'offline', '--from', '2')
    expect(again).toMatchObject({ code: 0 })
    expect(JSON.parse(again.stdout)).toMatchObject({
      steps: [{ source: 'journal' }, { source: 'journal' }, { source: 'model', differs: false }],
    })

    await using server = await startChatServer(() => 'I would rather not.')
    const variables = { ...place.variables, KAFCLAW_MODEL_URL: server.url, KAFCLAW_MODEL: 'big' }
    const other = await kafclaw({ ...place, variables }, ['run', 'replay', task_id, '--model', 'small', '-o', 'json'])
    expect(other.code).toBe(1)
    expect(JSON.parse(other.stdout)).toMatchObject({
      same: false,
      answer: 'I would rather not.',
      steps: [{ source: 'model', differs: true }],
      differences: [{ field: 'content', after: 'I would rather not.' }],
    })
    // But for heartbeats, the topics are as they were.
    const isBeat = ({ topic }: { topic: string }): boolean => topic.endsWith('.announce')
    expect((await items()).filter((row) => !isBeat(row))).toEqual(before.filter((row) => !isBeat(row)))
    expect(await replay('--from', 'x')).toMatchObject({ code: 2 })
    expect(await replay('--model', 'small')).toMatchObject({ code: 2 })
  })

  it('shows the roster with the services of this machine', async () => {
    const agents = await kafclawJson<Array<{ agent_id: string; state: string; age_ms: number }>>(place, ['agents'])
    expect(agents.map(({ agent_id, state }) => `${agent_id} ${state}`).toSorted()).toEqual([
      `${AGENT} live`,
      `${AGENT}-memory live`,
      expect.stringMatching(/^audit-sink-[0-9a-f]{6} live$/),
    ])
    expect(Math.max(...agents.map(({ age_ms }) => age_ms))).toBeLessThan(4_000)
  })

  it('adds memory that the agent recalls with a citation, finds it, and forgets it everywhere', async () => {
    const added = await kafclawJson<{ item_id: string; topic: string; partition: number; offset: number }>(place, [
      'memory',
      'add',
      '--tag',
      'billing',
      'The billing service listens on port 8443.',
    ])
    const search = () =>
      kafclaw(place, ['memory', 'search', 'port of the billing service', '--tag', 'billing', '-o', 'json'])
    await vi.waitFor(async () => {
      const { stdout, stderr } = await search()
      expect(stderr).toContain(`the memory indexer ${AGENT}-memory`)
      expect(JSON.parse(stdout)).toMatchObject([{ item_id: added.item_id, offset: added.offset }])
    }, IN_TIME)

    const { stdout } = await kafclaw(place, ['ask', 'what do you know about the billing service?', '-o', 'json'])
    const answer: { content: string; citations: object[] } = JSON.parse(stdout)
    expect(answer.content).toContain('8443')
    expect(answer.citations).toMatchObject([{ item_id: added.item_id, topic: added.topic, offset: added.offset }])

    expect((await kafclaw(place, ['memory', 'forget', added.item_id])).code).toBe(0)
    await vi.waitFor(async () => expect(JSON.parse((await search()).stdout)).toEqual([]), IN_TIME)
    expect((await kafclaw(place, ['memory', 'forget', added.item_id])).code).toBe(1)
  })

  it('lets `agent -m` ask the agent that runs, in the conversation that is named', async () => {
    const { code, stdout, stderr } = await kafclaw(place, ['agent', '-m', 'what can you do?', '-s', 'mine'])
    expect(code).toBe(0)
    expect(stderr).toContain(`process ${up.pid}`)
    expect(stdout).toContain('offline model')
  })

  it('warns when nobody can take a task, gives up waiting with exit 5, and leaves the task open', async () => {
    const { code, stderr } = await kafclaw(place, ['ask', '--skill', 'juggling', '--timeout', '300ms', 'three balls'])
    expect(code).toBe(5)
    expect(stderr).toContain('warning: no live agent has announced the skill "juggling"')
    const taskId = /^task (\S+)$/m.exec(stderr)?.[1]
    expect(stderr).toContain(`kafclaw trace ${taskId}`)
    const open = await kafclawJson<TaskRow[]>(place, ['tasks', '--state', 'open'])
    expect(open.map(({ task_id }) => task_id)).toContain(taskId)
  })

  it('leaves the task running on Ctrl-C, says how to follow it, and exits 130', async () => {
    const asking = startKafclaw(place, ['ask', '--skill', 'juggling', 'four balls'])
    await vi.waitFor(() => expect(asking.stderr()).toContain('warning'), IN_TIME)
    asking.kill('SIGINT')
    const { code, stderr } = await asking.finished
    expect(code).toBe(130)
    expect(stderr).toMatch(/the task goes on, follow it with: kafclaw trace task_/)
  })

  it('refuses a second process for the same agent, naming the one that has it, and to move its positions', async () => {
    const { code, stderr } = await kafclaw(place, ['start', 'agent-worker'])
    expect(code).toBe(2)
    expect(stderr).toContain(`process ${up.pid}`)
    expect(await kafclaw(place, ['topics', 'accept', 'group.local.requests'])).toMatchObject({ code: 2, stdout: '' })
  })

  it('finds timelines and log in lockstep', async () => {
    const reports = await kafclawJson<Array<{ service: string; rows: number; sent: number; differences: object[] }>>(
      place,
      ['audit', 'lockstep'],
    )
    expect(reports.map(({ service }) => service)).toEqual([
      AGENT,
      `${AGENT}-memory`,
      expect.stringMatching(/^audit-sink-[0-9a-f]{6}$/),
    ])
    expect(reports.flatMap(({ differences }) => differences)).toEqual([])
    expect(reports[0]?.rows).toBeGreaterThan(10)
    expect(reports[0]?.sent).toBeGreaterThan(5)
  })
})
