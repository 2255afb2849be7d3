import { createSystemEnv } from '@kafclaw/env'
import type { Recall, RecalledItem, RecallQuery } from '@kafclaw/memory'
import { describe, expect, it } from 'vitest'
import {
  type AgentQuestion,
  createAskAgentTool,
  createRecallTool,
  createRememberTool,
  createToolRegistry,
  type RememberedItem,
  type Tool,
  type ToolContext,
} from '../src/index.ts'

const ctx: ToolContext = {
  taskId: 'task_1',
  runId: 'run_1',
  step: 2,
  index: 1,
  redo: 0,
  attempt: 1,
  idempotencyKey: 'task_1/2/0',
  signal: new AbortController().signal,
}

function run(tool: Tool, args: object, more: Partial<ToolContext> = {}) {
  const call = { id: 'call_1', name: tool.definition.name, arguments: JSON.stringify(args) }
  return createToolRegistry([tool]).call(call, { ...ctx, ...more })
}

describe('memory.remember', () => {
  function open() {
    const items: RememberedItem[] = []
    return { items, tool: createRememberTool({ remember: async (item) => void items.push(item) }) }
  }

  it('gives the item an id of the call, so that a repeated call is the same item', async () => {
    const { items, tool } = open()
    const first = await run(tool, { content: 'The kettle is in the attic.' })
    await run(tool, { content: 'The kettle is in the attic.' }, { runId: 'run_2' })
    await run(tool, { content: 'The kettle is in the attic.' }, { index: 2 })
    expect(items.map((item) => item.itemId)).toEqual([
      items[0]?.itemId,
      items[0]?.itemId,
      expect.not.stringMatching(items[0]?.itemId ?? ''),
    ])
    expect(JSON.parse(first.content)).toEqual({ item_id: items[0]?.itemId, title: 'The kettle is in the attic.' })
    expect([tool.kind, tool.effect]).toEqual(['tool', 'idempotent'])
  })

  it('makes a title from the first line, and keeps content, given title and tags as they are', async () => {
    const { items, tool } = open()
    await run(tool, { content: `${'🌸'.repeat(200)}\nsecond line`, tags: ['a', 'a', 'b'] })
    await run(tool, { content: ' x ', title: 'Given' })
    expect(items[0]?.title).toBe(`${'🌸'.repeat(79)}…`)
    expect(items[0]?.tags).toEqual(['a', 'b'])
    expect(items[1]).toMatchObject({ title: 'Given', content: ' x ', tags: [] })
  })

  it.each([
    { content: '' },
    { content: ' \n ' },
    { content: 'x'.repeat(40_001) },
    { content: 'x', tags: [1] },
    { text: 'x' },
  ])('refuses %o', async (args) => {
    const { items, tool } = open()
    expect((await run(tool, args)).status).toBe('failed')
    expect(items).toEqual([])
  })
})

describe('memory.recall', () => {
  const found: RecalledItem = {
    item_id: 'item_1',
    title: 'Kettle',
    content: 'In the attic.',
    author: 'agent-c',
    topic: 'group.acme.memory.shared',
    partition: 0,
    offset: 17,
    age_ms: 5,
    score: 0.03,
    tags: [],
  }

  it('searches the zones of the agent and returns items and citations with their places', async () => {
    const queries: RecallQuery[] = []
    const recall: Recall = {
      search: async (query) => {
        queries.push(query)
        return [found]
      },
    }
    const env = createSystemEnv()
    const tool = createRecallTool({ recallFor: () => recall, zones: ['public', 'lab'], env, effect: 'none' })
    const result = await run(tool, { query: 'kettle', limit: 3, tags: ['house'] })
    expect(queries[0]).toMatchObject({ query: 'kettle', limit: 3, tags: ['house'], zones: ['public', 'lab'] })
    expect(Math.abs((queries[0]?.nowMs ?? 0) - env.now())).toBeLessThan(60_000)
    expect(JSON.parse(result.content)).toEqual({ items: [found] })
    const { item_id, topic, partition, offset, author, title } = found
    expect(result.citations).toEqual([{ item_id, topic, partition, offset, author, title }])
    expect([tool.kind, tool.effect]).toEqual(['recall', 'none'])
  })

  it('cannot be talked into another zone', async () => {
    const tool = createRecallTool({
      recallFor: () => ({ search: async () => [found] }),
      zones: ['public'],
      effect: 'none',
      env: createSystemEnv(),
    })
    const result = await run(tool, { query: 'kettle', zones: ['secret'] })
    expect(JSON.parse(result.content).error).toContain('additional properties (zones)')
  })
})

describe('ask_agent', () => {
  function open(status: 'completed' | 'rejected', content: string) {
    const questions: AgentQuestion[] = []
    const citation = { item_id: 'item_1', topic: 't', partition: 0, offset: 17, author: 'agent-c', title: 'Kettle' }
    const tool = createAskAgentTool({
      ask: async (question) => {
        questions.push(question)
        return { status, content, citations: [citation] }
      },
    })
    return { questions, tool, citation }
  }

  it('asks the same child task again when the same call is repeated, and another for other words', async () => {
    const { questions, tool } = open('completed', 'In the attic.')
    await run(tool, { agent: 'agent-b', question: 'Where?' })
    await run(tool, { agent: 'agent-b', question: 'Where?' }, { runId: 'run_2' })
    await run(tool, { agent: 'agent-b', question: 'Where is it?' })
    const [first, again, other] = questions.map((question) => question.childTaskId)
    expect(first).toMatch(/^task_/)
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect([tool.kind, tool.effect]).toEqual(['delegation', 'idempotent'])
  })

  it('returns status, content and citations of the answer', async () => {
    const { tool, citation, questions } = open('completed', 'In the attic.')
    const result = await run(tool, { agent: 'agent-b', question: 'Where?' })
    expect(result).toMatchObject({ status: 'completed', citations: [citation] })
    const task_id = questions[0]?.childTaskId
    expect(JSON.parse(result.content)).toEqual({
      status: 'completed',
      content: 'In the attic.',
      citations: [citation],
      task_id,
    })
  })

  it('shows the model why a question was refused', async () => {
    const { tool } = open('rejected', 'Delegation is at most 5 deep.')
    const result = await run(tool, { agent: 'agent-b', question: 'Where?' })
    expect(result.status).toBe('failed')
    expect(JSON.parse(result.content)).toMatchObject({ status: 'rejected', content: 'Delegation is at most 5 deep.' })
  })

  it.each([
    { agent: 'Agent B', question: 'x' },
    { agent: '../x', question: 'x' },
    { agent: 'agent-b', question: ' ' },
  ])('refuses %o', async (args) => {
    const { tool, questions } = open('completed', 'x')
    expect((await run(tool, args)).status).toBe('failed')
    expect(questions).toEqual([])
  })
})
