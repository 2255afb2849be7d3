import { createEnvelope, encode, type NewEnvelope, type RawRecord } from '@kafclaw/envelope'
import { homePartition } from '@kafclaw/tasks'
import { expect, it } from 'vitest'
import { createTaskHistory } from './task-history.ts'

const TASK = 'task_one'
const PARTITIONS = 6
const HOME = homePartition(TASK, PARTITIONS)
const AT_MS = 1_795_428_000_000

let made = 0

function record(
  topic: string,
  offset: number,
  fields:
    | Omit<NewEnvelope<'request'>, 'group' | 'zone' | 'sender_id'>
    | Omit<NewEnvelope<'task_status'>, 'group' | 'zone' | 'sender_id'>
    | Omit<NewEnvelope<'response'>, 'group' | 'zone' | 'sender_id'>
    | Omit<NewEnvelope<'trace'>, 'group' | 'zone' | 'sender_id'>,
  partition = HOME,
): RawRecord {
  const id = `id-${++made}`
  const envelope = createEnvelope(
    { correlation_id: TASK, ...fields, group: 'acme', zone: 'public', sender_id: 'agent-b' },
    { id, nowMs: AT_MS },
  )
  return { topic: `group.acme.${topic}`, partition, offset, timestampMs: AT_MS + offset, ...encode(envelope) }
}

const asked = (offset: number): RawRecord => record('requests', offset, { type: 'request', payload: { content: 'x' } })

const claimed = (offset: number, run: string, attempt = 1, partition = HOME): RawRecord =>
  record(
    'tasks.status',
    offset,
    {
      type: 'task_status',
      payload: {
        status: 'claimed',
        attempt,
        run_id: run,
        agent_id: `agent-${run}`,
        boot: 1,
        request: { topic: 'group.acme.requests', partition: HOME, offset: 0 },
      },
    },
    partition,
  )

const answered = (offset: number, run: string, partition = HOME): RawRecord =>
  record(
    'responses',
    offset,
    { type: 'response', payload: { status: 'completed', content: 'y', run_id: run } },
    partition,
  )

function historyOf(...records: RawRecord[]) {
  const { fold, history } = createTaskHistory(TASK, PARTITIONS)
  for (const one of records) fold(one)
  return history()
}

it('says of each claim whether it held, and why not', () => {
  const { statuses, attempts } = historyOf(asked(0), claimed(0, 'a'), claimed(1, 'b'), claimed(2, 'c', 2))
  expect(statuses.map(({ ignored }) => ignored)).toEqual([null, 'attempt 1 was claimed before', null])
  expect(attempts.map(({ agentId, end }) => [agentId, end])).toEqual([
    ['agent-a', 'superseded'],
    ['agent-c', 'holds'],
  ])
})

it('ignores what lies outside of the home partition, and shows it', () => {
  const away = (HOME + 1) % PARTITIONS
  const { statuses, responses, attempts, task } = historyOf(asked(0), claimed(0, 'a', 1, away), answered(0, 'a', away))
  expect([task.claim, task.outcome, attempts]).toEqual([null, null, []])
  expect([...statuses, ...responses].map(({ ignored }) => ignored)).toEqual(
    Array.from({ length: 2 }, () => 'not in the home partition'),
  )
})

it('has one outcome, the first answer, whoever answers later', () => {
  const { responses, attempts } = historyOf(asked(0), claimed(0, 'a'), answered(4, 'a'), answered(5, 'b'))
  expect(responses.map(({ ignored }) => ignored)).toEqual([null, 'another answer was first'])
  expect(attempts[0]?.end).toBe('answered')
})

it('counts the steps of a run by their results, each once', () => {
  const step = (offset: number, phase: 'intent' | 'result', number: number): RawRecord =>
    record('traces', offset, {
      type: 'trace',
      payload: { run_id: 'a', attempt: 1, phase, step: number, kind: 'tool', name: 'memory.remember' },
    })
  const { attempts } = historyOf(
    claimed(0, 'a'),
    step(0, 'intent', 0),
    step(1, 'result', 0),
    step(2, 'result', 0),
    step(3, 'result', 1),
  )
  expect(attempts[0]?.steps).toBe(2)
})

it('counts one request: the first, or the one that the claim names', () => {
  const { requests } = historyOf(asked(3), asked(0), claimed(0, 'a'))
  expect(requests.map(({ offset, ignored }) => [offset, ignored])).toEqual([
    [3, 'the task runs for another request'],
    [0, null],
  ])
})
