import { AppError, decode, sha256, type TracePayload, topicName } from '@kafclaw/envelope'
import type { Log } from '@kafclaw/kafka'
import { readAll } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import { expect, it, vi } from 'vitest'
import type { RunHandler, StepSpec } from '../src/index.ts'
import { createGate } from './five-steps.ts'
import { createTestGroup, type TestGroup } from './group.ts'

const PATIENCE = { timeout: 20_000, interval: 20 }

const CHARGE: StepSpec = {
  kind: 'tool',
  name: 'charge',
  inputHash: sha256('charge'),
  effect: 'once',
  longestCallMs: 100,
}

function untilWritten(group: TestGroup, phase: TracePayload['phase']): Promise<void> {
  return vi.waitFor(async () => {
    const records = (await readAll(group.log, [topicName(group.scope, 'traces')])).map((record) => decode(record))
    const isThere = ({ payload }: { payload: unknown }): boolean =>
      typeof payload === 'object' && payload !== null && 'phase' in payload && payload.phase === phase
    expect(records.some((decoded) => decoded.kind === 'envelope' && isThere(decoded.envelope))).toBe(true)
  }, PATIENCE)
}

/** The id of the first question to a person. */
function untilAsked(group: TestGroup): Promise<string> {
  return vi.waitFor(async () => {
    const [record] = await readAll(group.log, [topicName(group.scope, 'control_approvals')])
    const decoded = record && decode(record)
    if (decoded?.kind !== 'envelope' || decoded.envelope.type !== 'approval') throw new Error('nobody was asked yet')
    return decoded.envelope.payload.approval_id
  }, PATIENCE)
}

/** A log of which one topic is read in another way. */
function readingOtherwise(log: Log, topic: string, read: Log['read']): Log {
  return { ...log, read: (options) => (options.topics.includes(topic) ? read(options) : log.read(options)) }
}

it('a decision is heard although the reader of the decisions dies while the question is written', async () => {
  await using group = await createTestGroup()
  let readers = 0
  const log = readingOtherwise(group.log, topicName(group.scope, 'control_approvals'), (options) => {
    const reader = group.log.read(options)
    if (++readers > 1) return reader
    void reader.close()
    return {
      ...reader,
      ended: Promise.reject(new AppError('KC_KAFKA_UNREACHABLE', 'It died.')),
      caughtUp: Promise.resolve(),
    }
  })
  const handler: RunHandler = async (run) => {
    const { output } = await run.perform(CHARGE, async () => ({ status: 'in_doubt' }))
    return { status: 'completed', content: String(output) }
  }
  group.start('agent-a', handler, { log })
  const asked = await group.client.ask({ payload: { content: 'x' } })
  const approval_id = await untilAsked(group)
  const decision = { approval_id, status: 'granted', happened: true, output: 'seen in the books' } as const
  await group.client.publish({ type: 'approval', correlation_id: asked.taskId, payload: decision })
  expect((await asked.outcome).payload.content).toBe('seen in the books')
})

it('a call whose intent is written is made although the service shuts down, so that it is not in doubt', async () => {
  await using group = await createTestGroup()
  const readOn = Promise.withResolvers<void>()
  const log = readingOtherwise(group.log, topicName(group.scope, 'traces'), ({ onBatch, ...options }) =>
    group.log.read({
      ...options,
      async onBatch(batches) {
        await readOn.promise
        await onBatch(batches)
      },
    }),
  )
  let calls = 0
  const handler: RunHandler = async (run) => {
    const { output } = await run.perform(CHARGE, async () => {
      calls++
      return { status: 'completed', output: 'charged' }
    })
    return { status: 'completed', content: String(output) }
  }
  const member = group.start('agent-a', handler, { log })
  const asked = await group.client.ask({ payload: { content: 'x' } })
  await untilWritten(group, 'intent')
  const stopped = member.stop()
  readOn.resolve()
  await stopped
  group.start('agent-a', handler)
  expect((await asked.outcome).payload.content).toBe('charged')
  expect(calls).toBe(1)
})

it('a call is over when its time has passed since the host came back, however long its intent had waited to be sent', async () => {
  await using group = await createTestGroup()
  const gate = createGate('called')
  const longestCallMs = 4000
  let settledMs = 0
  const settle: StepSpec['settle'] = async () => {
    settledMs = group.env.monotonicMs()
    return { kind: 'happened', result: { status: 'completed', output: 'charged' } }
  }
  const handler: RunHandler = async (run) => {
    const { output } = await run.perform({ ...CHARGE, longestCallMs, settle }, async () => {
      await gate.at('called')
      return { status: 'completed', output: 'twice' }
    })
    return { status: 'completed', content: String(output) }
  }
  const first = group.start('agent-a', handler)
  await first.whenReady()
  const asked = await group.client.ask({ payload: { content: 'x' } })
  await gate.reached
  await first.abandon()
  {
    using db = openDatabase(group.stateFile('agent-a'), 'state')
    db.prepare('update run_step set at_ms = at_ms - 3600000 where task_id = ?').run(asked.taskId)
  }
  const backMs = group.env.monotonicMs()
  group.start('agent-a', handler)
  expect((await asked.outcome).payload.content).toBe('charged')
  // The clock of the log moves with the beats, each half a second.
  expect(settledMs - backMs).toBeGreaterThan(longestCallMs - 1500)
})
