import {
  createEnvelope,
  decode,
  type Envelope,
  encode,
  formatPlace,
  type NewPayloads,
  partitionFor,
} from '@kafclaw/envelope'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { foldRequest, foldResponse, foldStatus, isHome, newTask, type TaskState } from '../src/index.ts'

const TASK = 'task_fold'
const PARTITIONS = 6
const HOME = partitionFor(TASK, PARTITIONS)
const scope = { group: 'acme', zone: 'public', sender_id: 'agent-a', correlation_id: TASK }

type Lane = 'requests' | 'status' | 'responses'
interface Read {
  lane: Lane
  partition: number
  offset: number
  envelope: Envelope
}

let made = 0
function envelopeOf(type: 'request' | 'task_status' | 'response', payload: object): Envelope {
  const id = `0198f3c2-0000-7000-8000-${String(made++).padStart(12, '0')}`
  return createEnvelope({ ...scope, type, payload } as never, { id, nowMs: Date.UTC(2026, 10, 23) })
}

/** What a reader does with one record: the fold of its topic, home partition only. */
function read(task: TaskState, { lane, partition, offset, envelope }: Read): TaskState {
  if (lane === 'requests' && envelope.type === 'request') {
    return foldRequest(task, envelope, formatPlace({ topic: 'group.acme.requests', partition, offset }))
  }
  if (!isHome(TASK, partition, PARTITIONS)) return task
  if (lane === 'status' && envelope.type === 'task_status') return foldStatus(task, envelope, offset)
  if (lane === 'responses' && envelope.type === 'response') return foldResponse(task, envelope, offset)
  return task
}

const claim = (attempt: number, runId: string, agent = 'agent-a'): object => ({
  status: 'claimed',
  attempt,
  run_id: runId,
  agent_id: agent,
  boot: 1,
  request: { topic: 'group.acme.requests', partition: HOME, offset: 0 },
})

/** A run has one attempt, so its id says which. */
const runOf = fc
  .record({ attempt: fc.integer({ min: 1, max: 4 }), twin: fc.integer({ min: 0, max: 2 }) })
  .map(({ attempt, twin }) => ({ attempt, id: `run-${attempt}-${twin}` }))
const statusPayload = fc.oneof(
  runOf.map(({ attempt, id }) => claim(attempt, id)),
  runOf.map(({ id }): object => ({ status: 'released', run_id: id, reason: 'error' })),
  runOf.map(({ id }): object => ({ status: 'progress', run_id: id, text: 'on it' })),
  runOf.map(({ attempt }): object => ({ status: 'assigned', attempt, agent_id: 'agent-b' })),
)
const responsePayload = fc
  .constantFrom<NewPayloads['response']['status'][]>('completed', 'failed', 'cancelled')
  .map((status): object => ({ status }))
const partition = fc.constantFrom(HOME, HOME, HOME, (HOME + 1) % PARTITIONS)

/** Three topics with their records in log order. */
const logs = fc
  .record({
    requests: fc.array(partition, { minLength: 1, maxLength: 3 }),
    status: fc.array(fc.tuple(partition, statusPayload), { maxLength: 12 }),
    responses: fc.array(fc.tuple(partition, responsePayload), { maxLength: 4 }),
  })
  .map(
    ({ requests, status, responses }): Record<Lane, Read[]> => ({
      requests: requests.map((at, offset) => ({
        lane: 'requests',
        partition: at,
        offset,
        envelope: envelopeOf('request', { content: `v${offset}` }),
      })),
      status: status.map(([at, payload], offset) => ({
        lane: 'status',
        partition: at,
        offset,
        envelope: envelopeOf('task_status', payload),
      })),
      responses: responses.map(([at, payload], offset) => ({
        lane: 'responses',
        partition: at,
        offset,
        envelope: envelopeOf('response', payload),
      })),
    }),
  )

function inOrder(all: Record<Lane, Read[]>): TaskState {
  return [...all.requests, ...all.status, ...all.responses].reduce(read, newTask(TASK))
}

/** Merges the topics by coin flips; each stays in its own order. */
function interleave(all: Record<Lane, Read[]>, flips: readonly number[]): Read[] {
  const lanes = [[...all.requests], [...all.status], [...all.responses]]
  const merged: Read[] = []
  for (let turn = 0; lanes.some((lane) => lane.length > 0); turn++) {
    const open = lanes.filter((lane) => lane.length > 0)
    const next = open[(flips[turn % flips.length] ?? 0) % open.length]?.shift()
    if (next) merged.push(next)
  }
  return merged
}

const view = (task: TaskState): unknown => ({
  ...task,
  requests: [...task.requests].sort((a, b) => a.place.localeCompare(b.place)),
})

it('comes to the same state however the topics interleave', () => {
  fc.assert(
    fc.property(logs, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), (all, flips) => {
      expect(view(interleave(all, flips).reduce(read, newTask(TASK)))).toEqual(view(inOrder(all)))
    }),
    { numRuns: 500 },
  )
})

it('does not change when a stretch of a topic is read again after a restart', () => {
  fc.assert(
    fc.property(logs, fc.nat(12), (all, from) => {
      // A reader that lost its last commits reads on from an earlier position; its state is the later one.
      const again = [...all.requests.slice(from), ...all.status.slice(from), ...all.responses.slice(from)]
      expect(view(again.reduce(read, inOrder(all)))).toEqual(view(inOrder(all)))
    }),
    { numRuns: 500 },
  )
})

it('comes to the same state from any stored state', () => {
  fc.assert(
    fc.property(logs, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), fc.nat(20), (all, flips, cut) => {
      const merged = interleave(all, flips)
      const stored: TaskState = JSON.parse(JSON.stringify(merged.slice(0, cut).reduce(read, newTask(TASK))))
      expect(merged.slice(cut).reduce(read, stored)).toEqual(merged.reduce(read, newTask(TASK)))
    }),
    { numRuns: 500 },
  )
})

it('ends in the same state after any crashes, each with a restart from what was stored last', () => {
  const act = fc.record({ kind: fc.constantFrom('read', 'read', 'store', 'crash'), lane: fc.nat(2), count: fc.nat(4) })
  fc.assert(
    fc.property(logs, fc.array(act, { maxLength: 40 }), (all, acts) => {
      const lanes = [all.requests, all.status, all.responses]
      let state = { task: newTask(TASK), next: [0, 0, 0] }
      let stored = JSON.stringify(state)
      const readOn = (lane: number, count: number): void => {
        const from = state.next[lane] ?? 0
        const batch = (lanes[lane] ?? []).slice(from, from + count)
        const next = state.next.map((offset, at) => (at === lane ? offset + batch.length : offset))
        state = { task: batch.reduce(read, state.task), next }
      }
      for (const { kind, lane, count } of acts) {
        if (kind === 'read') readOn(lane, count)
        else if (kind === 'store') stored = JSON.stringify(state)
        else state = JSON.parse(stored)
      }
      for (const lane of lanes.keys()) readOn(lane, Number.POSITIVE_INFINITY)
      expect(view(state.task)).toEqual(view(inOrder(all)))
    }),
    { numRuns: 500 },
  )
})

/** What a writer does: a run is claimed before it is released, and every record may be sent again, however late. */
const sentAgain = fc
  .record({
    runs: fc.array(fc.record({ run: runOf, isReleased: fc.boolean() }), { maxLength: 6 }),
    answers: fc.array(responsePayload, { maxLength: 3 }),
    copies: fc.array(fc.record({ of: fc.nat(20), after: fc.nat(20) }), { maxLength: 10 }),
  })
  .map(({ runs, answers, copies }) => {
    const written = runs.flatMap(({ run, isReleased }) => [
      envelopeOf('task_status', claim(run.attempt, run.id)),
      ...(isReleased ? [envelopeOf('task_status', { status: 'released', run_id: run.id, reason: 'error' })] : []),
    ])
    const all = [...written, ...answers.map((payload) => envelopeOf('response', payload))]
    const withCopies = copies.reduce((list, { of, after }) => {
      const copy = list[of]
      return copy ? list.toSpliced(of + 1 + (after % (list.length - of)), 0, copy) : list
    }, all)
    return { all, withCopies }
  })

it('is not changed by records that are sent again, however late', () => {
  const meaningOf = (envelopes: readonly Envelope[]): object => {
    const task = envelopes.reduce((before, envelope, offset) => {
      const lane = envelope.type === 'response' ? 'responses' : 'status'
      return read(before, { lane, partition: HOME, offset, envelope })
    }, newTask(TASK))
    const { bound, released } = task
    return { bound, released, claim: task.claim?.recordId, outcome: task.outcome?.recordId }
  }
  fc.assert(
    fc.property(sentAgain, ({ all, withCopies }) => {
      expect(meaningOf(withCopies)).toEqual(meaningOf(all))
    }),
    { numRuns: 500 },
  )
})

it('keeps the first claim of an attempt in log order', () => {
  const first = envelopeOf('task_status', claim(1, 'run-1'))
  const second = envelopeOf('task_status', claim(1, 'run-2', 'agent-b'))
  const held = [first, second].reduce(
    (task, envelope, offset) => read(task, { lane: 'status', partition: HOME, offset, envelope }),
    newTask(TASK),
  )
  expect(held.claim?.runId).toBe('run-1')
})

it('lets a higher attempt supersede a lower one, and not the other way round', () => {
  const steps = [claim(2, 'run-2'), claim(1, 'run-1')].map((payload) => envelopeOf('task_status', payload))
  const held = steps.reduce(
    (task, envelope, offset) => read(task, { lane: 'status', partition: HOME, offset, envelope }),
    newTask(TASK),
  )
  expect(held.claim).toMatchObject({ attempt: 2, runId: 'run-2' })
})

it('ignores a release by a run that does not hold the claim', () => {
  const steps = [claim(1, 'run-1'), claim(2, 'run-2'), { status: 'released', run_id: 'run-1' }].map((payload) =>
    envelopeOf('task_status', payload),
  )
  const held = steps.reduce(
    (task, envelope, offset) => read(task, { lane: 'status', partition: HOME, offset, envelope }),
    newTask(TASK),
  )
  expect(held.released).toBeNull()
})

it('keeps the first outcome in log order, whichever run sent it', () => {
  const steps = [
    { status: 'failed', run_id: 'run-1' },
    { status: 'completed', run_id: 'run-2' },
  ].map((payload) => envelopeOf('response', payload))
  const ended = steps.reduce(
    (task, envelope, offset) => read(task, { lane: 'responses', partition: HOME, offset, envelope }),
    newTask(TASK),
  )
  expect(ended.outcome).toMatchObject({ status: 'failed', offset: 0 })
})

it('counts nothing outside of the home partition', () => {
  const elsewhere = (HOME + 1) % PARTITIONS
  const answered = read(newTask(TASK), {
    lane: 'responses',
    partition: elsewhere,
    offset: 0,
    envelope: envelopeOf('response', {}),
  })
  const claimed = read(answered, {
    lane: 'status',
    partition: elsewhere,
    offset: 0,
    envelope: envelopeOf('task_status', claim(1, 'run-1')),
  })
  expect(claimed).toMatchObject({ claim: null, outcome: null })
})

it('binds the task to the request that the first claim named', () => {
  const requests = [0, 1].map((offset) => ({
    lane: 'requests' as const,
    partition: HOME,
    offset,
    envelope: envelopeOf('request', { content: `v${offset}` }),
  }))
  const named = { ...claim(1, 'run-1'), request: { topic: 'group.acme.requests', partition: HOME, offset: 1 } }
  const later = claim(2, 'run-2')
  const steps = [named, later].map((payload, offset) => ({
    lane: 'status' as const,
    partition: HOME,
    offset,
    envelope: envelopeOf('task_status', payload),
  }))
  const task = [...steps, ...requests].reduce<TaskState>(read, newTask(TASK))
  expect(task.bound).toBe(`group.acme.requests/${HOME}/1`)
})

it('reads its own records back as it wrote them', () => {
  const envelope = envelopeOf('task_status', claim(1, 'run-1'))
  const { key, value, headers } = encode(envelope)
  const decoded = decode({
    topic: 'group.acme.tasks.status',
    partition: HOME,
    offset: 7,
    timestampMs: 1,
    key,
    value,
    headers,
  })
  expect(decoded).toMatchObject({ kind: 'envelope', envelope: { type: 'task_status', payload: { run_id: 'run-1' } } })
})
