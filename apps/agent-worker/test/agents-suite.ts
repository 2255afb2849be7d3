import { decode, type Envelope, topicName } from '@kafclaw/envelope'
import { readAll, readOnce } from '@kafclaw/kafka'
import { createScriptedModel } from '@kafclaw/llm'
import type { Recall, RecalledItem } from '@kafclaw/memory'
import { expect, it } from 'vitest'
import { createTestAgents, type TestAgents } from './agents.ts'

async function envelopes(agents: TestAgents, kind: 'traces' | 'requests' | 'memory_shared'): Promise<Envelope[]> {
  const records = await readAll(agents.host.log, [topicName(agents.scope, kind)])
  return records.flatMap((record) => {
    const decoded = decode(record)
    return decoded.kind === 'envelope' ? [decoded.envelope] : []
  })
}

async function ask(agents: TestAgents, agent: string, content: string, input?: unknown) {
  const asked = await agents.client.ask({
    recipientId: agent,
    payload: { content, ...(input === undefined ? {} : { input }) },
  })
  return { taskId: asked.taskId, payload: (await asked.outcome).payload }
}

/** What the agents of the group do on whichever log. */
export function describeAgents(form: 'embedded' | 'kafka'): void {
  it('publishes what it is told to remember, caused by the step that did it', async () => {
    await using agents = await createTestAgents(form)
    await agents.start('agent-c')
    const { taskId, payload } = await ask(agents, 'agent-c', 'remember that the vault code is 7341')
    expect(payload.status).toBe('completed')
    const [item] = await envelopes(agents, 'memory_shared')
    expect(item).toMatchObject({
      type: 'memory',
      sender_id: 'agent-c',
      correlation_id: taskId,
      payload: { content: expect.stringContaining('7341') },
    })
    const steps = (await envelopes(agents, 'traces')).filter((envelope) => envelope.type === 'trace')
    expect(steps.map(({ payload: step }) => `${step.step} ${step.kind} ${step.phase}`)).toEqual([
      '0 model result',
      '1 tool intent',
      '1 tool result',
      '2 model result',
    ])
    expect(item?.causation_id).toBe(steps[1]?.id)
  })

  it('asks another agent, waits for its answer and reports it with the citations', async () => {
    await using agents = await createTestAgents(form)
    const recall: Recall = { search: async () => [await itemOnTheLog(agents)] }
    await agents.start('agent-c')
    await agents.start('agent-b', { recall })
    await agents.start('agent-a')
    await ask(agents, 'agent-c', 'remember that the vault code is 7341')
    const { taskId, payload } = await ask(agents, 'agent-a', 'ask agent-b: what do you know about the vault code?')
    expect(payload).toMatchObject({ status: 'completed', content: expect.stringContaining('7341') })
    const [citation] = payload.citations
    if (!citation) throw new Error('the answer cites nothing')
    const cited = await readOnce(agents.host.log, citation)
    expect(cited && decode(cited)).toMatchObject({
      kind: 'envelope',
      envelope: { payload: { item_id: citation.item_id } },
    })
    const child = (await envelopes(agents, 'requests')).find((envelope) => envelope.sender_id === 'agent-a')
    expect(child).toMatchObject({ recipient_id: 'agent-b', payload: { parent_task_id: taskId, depth: 1 } })
  })

  it('answers at once, with what is missing, when it should recall and has no indexer', async () => {
    await using agents = await createTestAgents(form)
    await agents.start('agent-a')
    const { payload } = await ask(agents, 'agent-a', 'what do you know about the vault code?')
    expect(payload.status).toBe('completed')
    expect(payload.content).toContain('kafclaw start memory-indexer')
  })

  it('refuses to ask an agent that nobody has heard of, and says who is there', async () => {
    await using agents = await createTestAgents(form)
    await agents.start('agent-a')
    const { payload } = await ask(agents, 'agent-a', 'ask agent-nobody: hello?')
    expect(payload.content).toContain('agent-nobody')
    expect(payload.content).toContain('agent-a')
  })

  it('goes no deeper than five delegations', async () => {
    await using agents = await createTestAgents(form)
    const model = createScriptedModel(({ messages }) => {
      const last = messages.at(-1)
      if (last?.role === 'tool') return last.content
      return {
        content: '',
        toolCalls: [
          { id: 'c', name: 'ask_agent', arguments: JSON.stringify({ agent: 'agent-a', question: 'deeper' }) },
        ],
        usage: null,
        model: 'scripted',
        finishReason: 'tool_calls',
      }
    })
    await agents.start('agent-a', { model })
    const { payload } = await ask(agents, 'agent-a', 'go')
    expect(payload.content).toContain('delegated 5 times')
    expect((await envelopes(agents, 'requests')).filter(({ type }) => type === 'request')).toHaveLength(6)
  })

  it('goes on with a session, and keeps another one apart', async () => {
    await using agents = await createTestAgents(form)
    const model = createScriptedModel(({ messages }) =>
      messages
        .filter(({ role }) => role === 'user')
        .map(({ content }) => content)
        .join(' | '),
    )
    await agents.start('agent-a', { model })
    await ask(agents, 'agent-a', 'one', { session: 's1' })
    expect((await ask(agents, 'agent-a', 'two', { session: 's1' })).payload.content).toBe('one | two')
    expect((await ask(agents, 'agent-a', 'three', { session: 's2' })).payload.content).toBe('three')
    expect((await ask(agents, 'agent-a', 'four')).payload.content).toBe('four')
  })

  it('tells the model what was wrong with its tool call, and fails a run that never comes to an answer', async () => {
    await using agents = await createTestAgents(form)
    const seen: string[] = []
    const model = createScriptedModel(({ messages }) => {
      const last = messages.at(-1)
      if (last?.role === 'tool') seen.push(last.content)
      return {
        content: '',
        toolCalls: [{ id: 'c', name: 'no.such.tool', arguments: '{' }],
        usage: null,
        model: 'scripted',
        finishReason: 'tool_calls',
      }
    })
    await agents.start('agent-a', { model })
    const { payload } = await ask(agents, 'agent-a', 'go')
    expect(payload).toMatchObject({ status: 'failed', error: { code: 'KC_RUN_FAILED' } })
    expect(seen[0]).toContain('no.such.tool')
  })
}

async function itemOnTheLog(agents: TestAgents): Promise<RecalledItem> {
  const [record] = await readAll(agents.host.log, [topicName(agents.scope, 'memory_shared')])
  const decoded = record && decode(record)
  if (!record || decoded?.kind !== 'envelope' || decoded.envelope.type !== 'memory')
    throw new Error('no memory item on the log')
  const { topic, partition, offset } = record
  const { item_id, title, content, tags } = decoded.envelope.payload
  return {
    item_id,
    title: title ?? '',
    content: content ?? '',
    author: decoded.envelope.sender_id,
    topic,
    partition,
    offset,
    age_ms: 0,
    score: 1,
    tags,
  }
}
