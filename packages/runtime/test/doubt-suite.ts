import { AppError, decode, partitionFor, sha256, type TracePayload, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import { describe, expect, it, vi } from 'vitest'
import type { RunHandler, StepOutcome, StepSpec } from '../src/index.ts'
import { createEffectLedger } from './effect-ledger.ts'
import { createFiveSteps, createGate } from './five-steps.ts'
import { createTestGroup, type TestGroup } from './group.ts'
import { holdReading } from './held-log.ts'

const PATIENCE = { timeout: 30_000, interval: 20 }
const PARTITIONS = 6

const ONCE: StepSpec = {
  kind: 'tool',
  name: 'charge',
  inputHash: sha256('charge'),
  effect: 'once',
  longestCallMs: 100,
  settle: async () => ({ kind: 'never' }),
}

async function traces(group: TestGroup, taskId: string): Promise<TracePayload[]> {
  const records = await readAll(group.log, [topicName(group.scope, 'traces')])
  return records.flatMap((record) => {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'trace') return []
    return decoded.envelope.correlation_id === taskId ? [decoded.envelope.payload] : []
  })
}

/** The record of the journal as soon as it lies on the log. */
function untilTraced(group: TestGroup, taskId: string, fits: (payload: TracePayload) => boolean) {
  return vi.waitFor(async () => {
    const found = (await traces(group, taskId)).find(fits)
    if (!found) throw new Error('it is not on the log yet')
    return found
  }, PATIENCE)
}

/** The run of that intent says late what became of its call. */
function publishLate(group: TestGroup, taskId: string, intent: TracePayload): Promise<unknown> {
  const { run_id, attempt, step, redo, name, input_hash } = intent
  const payload = { run_id, attempt, step: step ?? 0, redo, name, input_hash, kind: 'tool' } as const
  return group.client.publish({
    type: 'trace',
    correlation_id: taskId,
    payload: { ...payload, phase: 'result', status: 'completed', output: 'what the first run saw' },
  })
}

/** Its state file says of every journal record of the member where it lies. */
function untilSent(group: TestGroup, agentId: string): Promise<void> {
  return vi.waitFor(() => {
    using db = openDatabase(group.stateFile(agentId), 'state')
    const sql = `select count(*) as n from timeline where kind = 'sent' and type = 'trace' and "offset" is null`
    const row = db.prepare<[], { n: number }>(sql).get()
    if (row?.n !== 0) throw new Error('a record is still on its way')
  }, PATIENCE)
}

function untilAsked(group: TestGroup, taskId: string): Promise<void> {
  return vi.waitFor(async () => {
    const records = await readAll(group.log, [topicName(group.scope, 'control_approvals')])
    const ofTask = records.map(decode).filter((d) => d.kind === 'envelope' && d.envelope.correlation_id === taskId)
    if (ofTask.length === 0) throw new Error('nobody has been asked yet')
  }, PATIENCE)
}

/** A handler of one step, which tells what it gave. */
function oneStep(spec: StepSpec, execute: (key: string) => Promise<StepOutcome>): RunHandler {
  return async (run) => {
    const { status, output } = await run.perform(spec, ({ idempotencyKey }) => execute(idempotencyKey))
    return { status: 'completed', content: `${status}: ${JSON.stringify(output)}` }
  }
}

/** What the journal decides when calls fail, records come late and hosts have been away, on whichever log. */
export function describeDoubt(form: 'embedded' | 'kafka'): void {
  it('records of the journal outside of its home partition change nothing, also for a run that follows it', async () => {
    await using group = await createTestGroup(form)
    const steps = createFiveSteps({ ledger: createEffectLedger(), gate: createGate(null) })
    const reached = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    group.start('agent-a', async (run) => {
      await run.perform(ONCE, async () => ({ status: 'completed', output: 'first' }))
      reached.resolve()
      await goOn.promise
      return steps.handler(run)
    })
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await reached.promise
    const body = {
      type: 'trace',
      correlation_id: asked.taskId,
      payload: { run_id: 'run-elsewhere', attempt: 9, phase: 'started' },
    }
    const publisher = group.log.publisher()
    await publisher.publish([
      {
        topic: topicName(group.scope, 'traces'),
        partition: (partitionFor(asked.taskId, PARTITIONS) + 1) % PARTITIONS,
        key: Buffer.from(asked.taskId),
        value: Buffer.from(JSON.stringify(body)),
        headers: [],
      },
    ])
    await publisher.close()
    goOn.resolve()
    await asked.outcome
    expect(steps.chargedBy).toEqual([1])
  })

  describe('a call that fails', () => {
    it('of an effect that never happens is a failed step after three tries, which the run is told', async () => {
      await using group = await createTestGroup(form)
      const keys: string[] = []
      group.start(
        'agent-a',
        oneStep(ONCE, async (key) => {
          keys.push(key)
          throw new AppError('KC_TOOL_FAILED', 'The target is away.')
        }),
      )
      const asked = await group.client.ask({ payload: { content: 'x' } })
      const { payload } = await asked.outcome
      expect(payload.content).toContain('failed')
      expect(payload.content).toContain('The target is away.')
      expect(keys).toEqual([0, 1, 2].map((redo) => `${asked.taskId}/0/${redo}`))
    })

    it('while its effect is settled is asked again, before a person is', async () => {
      await using group = await createTestGroup(form)
      let settled = 0
      const spec: StepSpec = {
        ...ONCE,
        async settle() {
          if (++settled === 1) throw new AppError('KC_TOOL_FAILED', 'The target is away.')
          return { kind: 'happened', result: { status: 'completed', output: 'in the books' } }
        },
      }
      group.start(
        'agent-a',
        oneStep(spec, async () => ({ status: 'in_doubt' })),
      )
      const asked = await group.client.ask({ payload: { content: 'x' } })
      expect((await asked.outcome).payload.content).toBe('completed: "in the books"')
      expect(settled).toBe(2)
    })
  })

  it('an effect in doubt stays so for a host that does not have its tool any more', async () => {
    await using group = await createTestGroup(form)
    const gate = createGate('called')
    const first = group.start('agent-a', async (run) => {
      await run.perform({ ...ONCE, longestCallMs: 60_000 }, () =>
        gate.at('called').then(() => ({ status: 'in_doubt' })),
      )
      return { status: 'completed' }
    })
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    await untilTraced(group, asked.taskId, ({ phase }) => phase === 'intent')
    await first.abandon()
    const { name, kind, inputHash } = ONCE
    let called = 0
    group.start(
      'agent-a',
      oneStep({ name, kind, inputHash, effect: 'none', longestCallMs: 0 }, async () => {
        called++
        return { status: 'failed', output: 'There is no such tool.' }
      }),
    )
    await untilAsked(group, asked.taskId)
    expect(called).toBe(0)
  })

  it('a run that comes to another call than the one in doubt stops, and settles and makes neither', async () => {
    await using group = await createTestGroup(form)
    const gate = createGate('called')
    const first = group.start(
      'agent-a',
      oneStep({ ...ONCE, longestCallMs: 60_000 }, () => gate.at('called').then(() => ({ status: 'in_doubt' }))),
    )
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    await untilTraced(group, asked.taskId, ({ phase }) => phase === 'intent')
    await first.abandon()
    const acted: string[] = []
    const other: StepSpec = {
      ...ONCE,
      inputHash: sha256('charge more'),
      async settle() {
        acted.push('settled')
        return { kind: 'never' }
      },
    }
    group.start(
      'agent-a',
      oneStep(other, async () => {
        acted.push('called')
        return { status: 'completed', output: null }
      }),
    )
    expect((await asked.outcome).payload).toMatchObject({
      status: 'failed',
      error: { code: 'KC_RUN_NON_DETERMINISM' },
    })
    expect(acted).toEqual([])
  })

  it('what the first run says late of its effect ends the waiting for a person', async () => {
    await using group = await createTestGroup(form)
    const gate = createGate('after charge')
    const ledger = createEffectLedger()
    const steps = createFiveSteps({ ledger, gate, more: { settle: async () => ({ kind: 'unknown' }) } })
    const first = group.start('agent-a', steps.handler)
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    const intent = await untilTraced(group, asked.taskId, ({ phase }) => phase === 'intent')
    await first.abandon()
    group.start('agent-a', steps.handler)
    await untilAsked(group, asked.taskId)
    await publishLate(group, asked.taskId, intent)
    expect((await asked.outcome).payload.content).toContain('what the first run saw')
    expect(steps.executed.filter((step) => step === 'charge')).toHaveLength(1)
  })

  it('what a host found out about an effect, and did not read back, is not taken for the first result on the log', async () => {
    await using group = await createTestGroup(form)
    const gate = createGate('after charge')
    const steps = createFiveSteps({ ledger: createEffectLedger(), gate })
    const first = group.start('agent-a', steps.handler)
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    const intent = await untilTraced(group, asked.taskId, ({ phase }) => phase === 'intent')
    await first.abandon()
    const isGone = Promise.withResolvers<void>()
    let held: Promise<void> | null = null
    const log = holdReading(group.log, (batches) =>
      batches.some(({ topic }) => topic === topicName(group.scope, 'traces')) ? held : null,
    )
    const finder = createFiveSteps({
      ledger: createEffectLedger(),
      gate: createGate(null),
      more: {
        async settle() {
          held = isGone.promise
          await publishLate(group, asked.taskId, intent)
          return { kind: 'happened', result: { status: 'completed', output: 'what the books say' } }
        },
      },
    })
    const second = group.start('agent-b', finder.handler, { log })
    await untilTraced(group, asked.taskId, ({ output }) => output === 'what the books say')
    await untilSent(group, 'agent-b')
    const gone = second.abandon()
    isGone.resolve()
    await gone
    group.start('agent-b', finder.handler)
    expect((await asked.outcome).payload.content).toContain('what the first run saw')
  })

  it('what a host wrote of a task while another had it does not count for it later', async () => {
    await using group = await createTestGroup(form)
    const gates = ['after draft', 'after check', 'before note'].map(createGate)
    const [one, two, three] = gates
    if (!one || !two || !three) throw new Error('three gates')
    const at = async (point: string): Promise<void> => {
      for (const gate of gates) await gate.at(point)
    }
    const done: string[] = []
    const handlerOf =
      (name: string): RunHandler =>
      async (run) => {
        const said: unknown[] = []
        for (const step of ['draft', 'check', 'note']) {
          const spec: StepSpec = { kind: 'model', name: step, inputHash: sha256(step), effect: 'none' }
          const { output } = await run.perform(spec, async () => {
            await at(`before ${step}`)
            done.push(`${name} ${step}`)
            return { status: 'completed', output: `${step} by ${name}` }
          })
          said.push(output)
          await at(`after ${step}`)
        }
        return { status: 'completed', content: said.join(', ') }
      }
    const first = group.start('agent-a', handlerOf('a'))
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await one.reached
    await untilTraced(group, asked.taskId, ({ step, phase }) => step === 0 && phase === 'result')
    await first.abandon()
    // It had gone on: its row was stored, its record came too late to count.
    {
      using db = openDatabase(group.stateFile('agent-a'), 'state')
      db.prepare(
        `insert into run_step (task_id, attempt, step, redo, phase, run_id, record_id, kind, name, input_hash, output, status, at_ms)
         select task_id, attempt, 1, redo, phase, run_id, 'stale-record', kind, 'check', ?, '"check, too late"', status, at_ms
         from run_step where task_id = ?`,
      ).run(sha256('check'), asked.taskId)
    }
    const second = group.start('agent-b', handlerOf('b'))
    await two.reached
    await untilTraced(group, asked.taskId, ({ step, phase }) => step === 1 && phase === 'result')
    await second.abandon()
    const third = group.start('agent-a', handlerOf('a again'))
    await three.reached
    await third.abandon()
    group.start('agent-a', handlerOf('a at last'))
    expect((await asked.outcome).payload.content).toBe('draft by a, check by b, note by a at last')
  })

  it.each([
    ['a number that is larger than what all can count exactly', { id: 2 ** 60 }],
    ['something nested deeper than readers take', deep(40)],
  ])('a step that gives %s is in the journal, and not done again', async (_what, output) => {
    await using group = await createTestGroup(form)
    const gate = createGate('done')
    let calls = 0
    const handler: RunHandler = async (run) => {
      const spec: StepSpec = { kind: 'tool', name: 'look', inputHash: sha256('look'), effect: 'none' }
      const given = await run.perform(spec, async () => {
        calls++
        return { status: 'completed', output }
      })
      await gate.at('done')
      return { status: 'completed', content: JSON.stringify(given.output) }
    }
    const first = group.start('agent-a', handler)
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    await untilTraced(group, asked.taskId, ({ phase }) => phase === 'result')
    await first.abandon()
    group.start('agent-b', handler)
    expect((await asked.outcome).payload.content).toBe(JSON.stringify(output))
    expect(calls).toBe(1)
  })

  it('a run whose step cannot be stored fails instead of answering without it', async () => {
    await using group = await createTestGroup(form)
    group.start('agent-a', async (run) => {
      const spec: StepSpec = { kind: 'tool', name: 'look', inputHash: sha256('look'), effect: 'none' }
      await run.perform(spec, async () => ({
        status: 'completed',
        output: 'x',
        citations: [{ item_id: 'no place', topic: 'no topic', partition: -1, offset: -1 }],
      }))
      return { status: 'completed', content: 'fine' }
    })
    const asked = await group.client.ask({ payload: { content: 'x' } })
    expect((await asked.outcome).payload).toMatchObject({ status: 'failed', error: { code: 'KC_ENVELOPE_INVALID' } })
  })

  it('a call with a large input is made, and a person who has to decide can see what it was about', async () => {
    await using group = await createTestGroup(form)
    const input = { arguments: 'é'.repeat(200_000) }
    const { settle: _, ...blind } = ONCE
    group.start(
      'agent-a',
      oneStep({ ...blind, input }, async () => ({ status: 'in_doubt' })),
    )
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await untilAsked(group, asked.taskId)
    const intent = await untilTraced(group, asked.taskId, ({ phase }) => phase === 'intent')
    expect(JSON.stringify(intent.output)).toContain('ééé')
  })
}

function deep(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
