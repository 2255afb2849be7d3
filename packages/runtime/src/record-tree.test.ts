import { createVirtualEnv } from '@kafclaw/env/testing'
import { createEnvelope, type Envelope, encode, type RawRecord, type RecordPlace } from '@kafclaw/envelope'
import { describe, expect, it } from 'vitest'
import { createRecordSource, parseTraceSubject } from './decision.ts'
import { buildRecordTree, type RecordNode } from './record-tree.ts'
import { renderTree } from './render-tree.ts'
import type { NewRecord } from './sender.ts'
import { type TracedRecord, toTracedRecord } from './traced-record.ts'

const GROUP = 'group.acme.'

/** A log of a few topics, filled as agents would. */
function createStory() {
  const env = createVirtualEnv({ startMs: 1_800_000_000_000 })
  const ends = new Map<string, number>()
  const records: RawRecord[] = []

  function append(topic: string, value: Buffer | null, more: Partial<RawRecord> = {}): RawRecord {
    const offset = ends.get(topic) ?? 0
    ends.set(topic, offset + 1)
    const record: RawRecord = {
      topic: GROUP + topic,
      partition: 0,
      offset,
      timestampMs: env.now() + records.length,
      key: null,
      value,
      headers: [],
      ...more,
    }
    records.push(record)
    return record
  }

  function say(topic: string, sender_id: string, fields: NewRecord): { envelope: Envelope; place: RecordPlace } {
    const envelope: Envelope = createEnvelope(
      { ...fields, group: 'acme', zone: 'public', sender_id },
      { id: env.newId(), nowMs: env.now() },
    )
    const { key, value, headers } = encode(envelope)
    const { topic: name, partition, offset } = append(topic, value, { key, headers })
    return { envelope, place: { topic: name, partition, offset } }
  }
  return { say, append, traced: (): TracedRecord[] => records.map((record) => toTracedRecord(record)) }
}

type Said = ReturnType<ReturnType<typeof createStory>['say']>

function taskOf(said: Said): string {
  return said.envelope.correlation_id ?? ''
}

/** A asks B about a fact that C has shared; B recalls it and answers. */
function tellStory() {
  const story = createStory()
  const { say } = story
  const memory = say('memory.shared', 'agent-c', {
    type: 'memory',
    payload: { item_id: 'item-1', title: 'Port', content: 'Billing listens on 8443.' },
  })
  const cited = { item_id: 'item-1', ...memory.place, author: 'agent-c', title: 'Port' }
  const question = say('requests', 'user', {
    type: 'request',
    recipient_id: 'agent-a',
    payload: { content: 'Which port?' },
  })
  const run = { run_id: 'run-a', attempt: 1 }
  const claim = say('tasks.status', 'agent-a', {
    type: 'task_status',
    correlation_id: taskOf(question),
    causation_id: question.envelope.id,
    payload: { status: 'claimed', ...run, agent_id: 'agent-a', boot: 1, request: question.place },
  })
  const intent = say('traces', 'agent-a', {
    type: 'trace',
    correlation_id: taskOf(question),
    causation_id: claim.envelope.id,
    payload: { ...run, phase: 'intent', step: 1, kind: 'delegation', name: 'agent-b' },
  })
  const child = say('requests', 'agent-a', {
    type: 'request',
    recipient_id: 'agent-b',
    correlation_id: 'task_child',
    causation_id: intent.envelope.id,
    payload: { content: 'Which port?', parent_task_id: taskOf(question), depth: 1 },
  })
  const recall = say('traces', 'agent-b', {
    type: 'trace',
    correlation_id: 'task_child',
    causation_id: child.envelope.id,
    payload: {
      run_id: 'run-b',
      attempt: 1,
      phase: 'result',
      step: 0,
      kind: 'recall',
      name: 'memory.recall',
      status: 'completed',
      citations: [cited],
    },
  })
  const answer = say('responses', 'agent-b', {
    type: 'response',
    recipient_id: 'agent-a',
    correlation_id: 'task_child',
    causation_id: child.envelope.id,
    payload: { content: '8443', citations: [cited] },
  })
  const report = say('responses', 'agent-a', {
    type: 'response',
    recipient_id: 'user',
    correlation_id: taskOf(question),
    causation_id: question.envelope.id,
    payload: { content: 'It is 8443.', citations: [cited] },
  })
  return { story, memory, question, claim, intent, child, recall, answer, report }
}

function outline(nodes: readonly RecordNode[]): unknown[] {
  return nodes.map((node) => (node.children.length === 0 ? node.summary : [node.summary, ...outline(node.children)]))
}

describe('the tree of what happened', () => {
  it('hangs every record below its cause and a cited memory below each step that used it', () => {
    const { story } = tellStory()
    const tree = buildRecordTree(story.traced())
    expect(outline(tree)).toEqual([
      [
        'chat: Which port?',
        [
          'claimed attempt 1',
          [
            'step 1 delegation agent-b intent',
            ['chat: Which port?', ['step 0 recall memory.recall result completed', 'Port'], 'completed: 8443'],
          ],
        ],
        ['completed: It is 8443.', 'Port'],
      ],
    ])
  })

  it('does not depend on the order of its input, nor on records given twice', () => {
    const records = tellStory().story.traced()
    expect(buildRecordTree([...records.toReversed(), ...records])).toEqual(buildRecordTree(records))
  })

  it('keeps a record whose cause is not there, at the top and marked', () => {
    const { story, child } = tellStory()
    const records = story.traced().filter(({ id }) => id === child.envelope.id)
    expect(buildRecordTree(records)).toMatchObject([{ id: child.envelope.id, link: 'orphan', children: [] }])
  })

  it('hangs an answer without a cause below the request of its task', () => {
    const { say, traced } = createStory()
    const asked = say('requests', 'user', { type: 'request', payload: { content: 'Hello?' } })
    say('responses', 'kcat', { type: 'response', correlation_id: taskOf(asked), payload: { content: 'Hello.' } })
    expect(buildRecordTree(traced())).toMatchObject([
      { type: 'request', children: [{ type: 'response', link: 'task' }] },
    ])
  })

  it('tells a circle of causes from its first record on, and ends', () => {
    const record = (id: string, causation_id: string, offset: number): TracedRecord => ({
      ...{ id, causation_id, topic: `${GROUP}traces`, partition: 0, offset, type: 'trace', timestamp_ms: offset },
      ...{ sender_id: null, recipient_id: null, correlation_id: null, parent_task_id: null },
      ...{ summary: id, citations: [], about: null },
    })
    const tree = buildRecordTree([
      record('b', 'a', 1),
      record('a', 'c', 0),
      record('c', 'b', 2),
      record('self', 'self', 3),
    ])
    expect(outline(tree)).toEqual([['a', ['b', 'c']], 'self'])
    expect(tree.map(({ link }) => link)).toEqual(['cycle', 'orphan'])
  })

  it('shows a citation whose record is gone', () => {
    const { story, memory } = tellStory()
    const records = story.traced().filter(({ id }) => id !== memory.envelope.id)
    const lines = renderTree(buildRecordTree(records))
    expect(lines).toContainEqual(
      expect.stringMatching(
        /memory {2}agent-c -> \* {2}group\.acme\.memory\.shared:0:0 {2}\[cited\] Port \(the record is not at hand\)$/,
      ),
    )
  })

  it('survives a chain of causes deeper than the call stack', () => {
    const depth = 20_000
    const records = Array.from(
      { length: depth },
      (_, offset): TracedRecord => ({
        ...{
          id: `id-${offset}`,
          causation_id: offset === 0 ? null : `id-${offset - 1}`,
          topic: `${GROUP}traces`,
          partition: 0,
          offset,
        },
        ...{
          type: 'trace',
          timestamp_ms: offset,
          sender_id: null,
          recipient_id: null,
          correlation_id: null,
          parent_task_id: null,
        },
        ...{ summary: '', citations: [], about: null },
      }),
    )
    expect(renderTree(buildRecordTree(records))).toHaveLength(depth)
  })
})

describe('a printed tree', () => {
  it('has one record a line: type, sender and recipient, place, summary', () => {
    expect(renderTree(buildRecordTree(tellStory().story.traced()))).toEqual([
      'request  user -> agent-a  group.acme.requests:0:0  chat: Which port?',
      '  task_status  agent-a -> *  group.acme.tasks.status:0:0  claimed attempt 1',
      '    trace  agent-a -> *  group.acme.traces:0:0  step 1 delegation agent-b intent',
      '      request  agent-a -> agent-b  group.acme.requests:0:1  chat: Which port?',
      '        trace  agent-b -> *  group.acme.traces:0:1  step 0 recall memory.recall result completed',
      '          memory  agent-c -> *  group.acme.memory.shared:0:0  [cited] Port',
      '        response  agent-b -> agent-a  group.acme.responses:0:0  completed: 8443',
      '  response  agent-a -> user  group.acme.responses:0:1  completed: It is 8443.',
      '    memory  agent-c -> *  group.acme.memory.shared:0:0  [cited] Port',
    ])
  })

  it('never lets a record move the cursor of the reader', () => {
    const { say, traced } = createStory()
    say('requests', 'user', { type: 'request', payload: { content: 'a\u001b[2Jb\u0007\u202ec' } })
    expect(renderTree(buildRecordTree(traced())).join('')).toMatch(/chat: a \[2Jb c$/)
  })
})

describe('the records of a decision', () => {
  const all = (said: ReturnType<typeof tellStory>, subject: string): string[] =>
    createRecordSource(said.story.traced())
      .readDecision(parseTraceSubject(subject), 100)
      .map(({ id }) => id)

  it('are the same from its task, from any child task, from any record and from any place', () => {
    const told = tellStory()
    told.story.say('requests', 'user', { type: 'request', payload: { content: 'something else' } })
    const whole = [
      told.memory,
      told.question,
      told.claim,
      told.intent,
      told.child,
      told.recall,
      told.answer,
      told.report,
    ]
    const ids = whole.map(({ envelope }) => envelope.id)
    const { place } = told.recall
    const subjects = [
      taskOf(told.question),
      'task_child',
      told.intent.envelope.id,
      `${place.topic}:${place.partition}:${place.offset}`,
    ]
    for (const subject of subjects) expect(all(told, subject)).toEqual(ids)
  })

  it('include the dead letter of a poison record, found from either', () => {
    const { story } = tellStory()
    const poison = story.append('requests', Buffer.from('{'))
    const dead = story.append('dlq', Buffer.from('{'), {
      headers: Object.entries({
        topic: poison.topic,
        partition: poison.partition,
        offset: poison.offset,
        code: 'KC_X',
        reason: 'why',
        by: 'agent-a',
      }).map(([name, value]) => [`kc_dlq_${name}`, Buffer.from(String(value))]),
    })
    const source = createRecordSource(story.traced())
    for (const { topic, partition, offset } of [poison, dead]) {
      const records = source.readDecision({ place: { topic, partition, offset } }, 100)
      expect(records.map(({ type }) => type)).toEqual([null, 'dead_letter'])
      expect(buildRecordTree(records)).toMatchObject([
        { type: null, children: [{ type: 'dead_letter', sender_id: 'agent-a' }] },
      ])
    }
  })

  it('are none where the subject is not known', () => {
    expect(all(tellStory(), 'task_nobody')).toEqual([])
  })

  it('cannot be asked for by a text that names nothing', () => {
    expect(() => parseTraceSubject('no such thing, really')).toThrow(expect.objectContaining({ code: 'KC_USAGE' }))
  })
})
