import { existsSync } from 'node:fs'
import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { kafclaw, type Place, startKafclaw } from './kafclaw-process.ts'

let dir: TempDir
let place: Place

beforeAll(async () => {
  dir = await tempDir()
  place = { dataDir: dir.path, variables: { TMPDIR: dir.path } }
})

afterAll(() => dir[Symbol.asyncDispose]())

interface TreeNode {
  id: string
  type: string
  sender_id: string
  topic: string
  partition: number
  offset: number
  causation_id: string | null
  correlation_id: string | null
  children: TreeNode[]
}

interface Result {
  question: string
  answer: string
  memory: { item_id: string; topic: string; partition: number; offset: number }
  tree: TreeNode[]
}

const flatten = (nodes: readonly TreeNode[]): TreeNode[] => nodes.flatMap((node) => [node, ...flatten(node.children)])

describe('demo on the embedded log', { timeout: 120_000 }, () => {
  it('prints the answer with its citation and then the tree on stdout, and the story on stderr', async () => {
    const { code, stdout, stderr } = await kafclaw(place, ['demo'])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const [answer, rest] = stdout.split('\n\nrequest  ')
    expect(answer).toContain('8443')
    expect(answer).toMatch(/group\.demo\.memory\.shared\/0\/\d+/)
    const tree = `request  ${rest}`.trim().split('\n')
    for (const line of tree) expect(line).toMatch(/^ *[a-z_]+ {2}\S+ -> \S+ {2}\S+:\d+:\d+ {2}\S/)
    // The question is a root, what A asked of B hangs below it, and what C published below the recall of B.
    expect(tree.join('\n')).toMatch(
      /^request {2}demo -> agent-a .*\n(?: .*\n)* +request {2}agent-a -> agent-b .*\n(?: .*\n)* +trace {2}agent-b .*recall.*\n +memory {2}agent-c /m,
    )
    expect(stderr).toContain('agent-c is told')
    expect(stderr).toContain('positions were read back from the log')
  })

  it('answers from the fact that it is given, as JSON of the documented shape', async () => {
    const fact = 'Invoices above 900 euros are signed by Grace in the harbour office.'
    const question = 'Who signs large invoices'
    const { code, stdout } = await kafclaw(place, ['demo', '--json', '--fact', fact, '--question', question])
    expect(code).toBe(0)
    const result: Result = JSON.parse(stdout)
    expect(Object.keys(result)).toEqual(['question', 'answer', 'memory', 'tree'])
    expect(result.question).toBe(question)
    expect(result.answer).toContain('Grace')
    expect(Object.keys(result.memory)).toEqual(['item_id', 'topic', 'partition', 'offset'])
    expect(Object.keys(result.tree[0] ?? {})).toEqual([
      'id',
      'type',
      'sender_id',
      'topic',
      'partition',
      'offset',
      'causation_id',
      'correlation_id',
      'children',
    ])
    const nodes = flatten(result.tree)
    const memory = nodes.find(({ type }) => type === 'memory')
    expect(memory).toMatchObject({ sender_id: 'agent-c', topic: result.memory.topic, offset: result.memory.offset })
    // A asked B: a request whose cause is a record of A's run, below which B's own records hang.
    const delegated = nodes.find(({ type, sender_id }) => type === 'request' && sender_id === 'agent-a')
    expect(nodes.map(({ id }) => id)).toContain(delegated?.causation_id)
    expect(
      flatten(delegated?.children ?? []).some(({ type, sender_id }) => type === 'response' && sender_id === 'agent-b'),
    ).toBe(true)
  })

  it('exits 2 for an empty fact', async () => {
    expect(await kafclaw(place, ['demo', '--fact', ' '])).toMatchObject({ code: 2, stdout: '' })
  })

  it('removes its folder, and keeps it where it is told to', async () => {
    const kept = await kafclaw(place, ['demo', '--keep'])
    const folder = /all files are in (\S+)/.exec(kept.stderr)?.[1] ?? ''
    expect(existsSync(folder)).toBe(true)
    const gone = startKafclaw(place, ['demo'])
    await vi.waitFor(() => expect(gone.stderr()).toContain('agent-c is told'), { timeout: 20_000, interval: 20 })
    gone.kill('SIGINT')
    const { code, stdout } = await gone.finished
    expect([code, stdout]).toEqual([130, ''])
  })

  it('takes nothing from the settings of the user', async () => {
    const settings = { KAFCLAW_GROUP: 'mine', KAFCLAW_MODEL_URL: 'http://127.0.0.1:9/v1', KAFCLAW_MODEL: 'x' }
    const { code, stdout } = await kafclaw({ ...place, variables: { ...place.variables, ...settings } }, ['demo'])
    expect(code).toBe(0)
    expect(stdout).toContain('group.demo.requests')
  })
})

describe('demo on Kafka', { timeout: 120_000 }, () => {
  it('says what is missing and how to get it, with exit 2, where there is no way to a Kafka', async () => {
    // A machine with Node and nothing else.
    const variables = { ...place.variables, PATH: dir.path, JAVA_HOME: '' }
    const { code, stdout, stderr } = await kafclaw({ ...place, variables }, ['demo', '--kafka'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Java was not found')
    expect(stderr).toContain('Docker was not found')
    expect(stderr).toContain('KAFCLAW_KAFKA_BROKERS=host:port')
  })

  it('exits 3 when the named brokers cannot be reached', async () => {
    const { code, stdout } = await kafclaw(place, ['demo', '--kafka', '--brokers', '127.0.0.1:1'])
    expect([code, stdout]).toEqual([3, ''])
  })
})
