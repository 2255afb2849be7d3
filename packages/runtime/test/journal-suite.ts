import { AppError, decode, sha256, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import { describe, expect, it, vi } from 'vitest'
import type { MemberOptions, RunHandler, StepSpec } from '../src/index.ts'
import { packRecords } from '../src/outbox-pack.ts'
import { rewriteTimeline } from '../src/testing/rewrite-timeline.ts'
import { createEffectLedger } from './effect-ledger.ts'
import { createFiveSteps, createGate, POINTS } from './five-steps.ts'
import { createTestGroup, type TestGroup } from './group.ts'
import { holdReading } from './held-log.ts'

const PATIENCE = { timeout: 30_000, interval: 20 }

interface Story {
  /** Where the first run is killed. */
  point: string
  /** Who goes on: the same agent after a restart, or another that has never seen the task. */
  by: 'agent-a' | 'agent-b'
  more?: Partial<StepSpec>
  overrides?: Partial<MemberOptions>
  /** What happens while nobody runs. */
  between?(group: TestGroup, taskId: string): void
  /** What happens while the second run goes on. */
  meanwhile?(group: TestGroup, taskId: string): Promise<void>
}

/** Kills the first run at a point, lets the second one end, and tells what happened in the world. */
async function tell(form: 'embedded' | 'kafka', { point, by, more = {}, overrides, between, meanwhile }: Story) {
  await using group = await createTestGroup(form)
  const ledger = createEffectLedger()
  const gate = createGate(point)
  const steps = createFiveSteps({ ledger, gate, more })
  const first = group.start('agent-a', steps.handler, overrides)
  await first.whenReady()
  const asked = await group.client.ask({ payload: { content: 'x' } })
  await gate.reached
  // What was done before has been stored: a step is done when its result is.
  const done = steps.executed.slice(0, point.startsWith('before') ? undefined : -1)
  await vi.waitFor(async () => expect(await results(group, asked.taskId)).toHaveLength(done.length), PATIENCE)
  await first.abandon()
  between?.(group, asked.taskId)
  group.start(by, steps.handler, overrides)
  await meanwhile?.(group, asked.taskId)
  const { payload } = await asked.outcome
  return { payload, effects: ledger.effects, executed: steps.executed, done, taskId: asked.taskId }
}

async function traces(group: TestGroup, taskId: string) {
  const records = await readAll(group.log, [topicName(group.scope, 'traces')])
  return records.flatMap((record) => {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'trace') return []
    return decoded.envelope.correlation_id === taskId ? [decoded.envelope.payload] : []
  })
}

async function results(group: TestGroup, taskId: string) {
  return (await traces(group, taskId)).filter(({ phase }) => phase === 'result')
}

/** As if the file had been copied after step 0 and put back now. */
function forgetAfterFirstStep(path: string, taskId: string): void {
  using db = openDatabase(path, 'state')
  db.prepare('delete from run_step where task_id = ? and step > 0').run(taskId)
  let traces = 0
  rewriteTimeline(db, (row) => (row.type === 'trace' && traces++ > 0 ? null : row))
}

/** As if the file had been copied when step 0 was stored and not sent yet, and put back now. */
async function unsendFirstStep(group: TestGroup, taskId: string): Promise<void> {
  const path = group.stateFile('agent-a')
  forgetAfterFirstStep(path, taskId)
  const [record] = await readAll(group.log, [topicName(group.scope, 'traces')])
  using db = openDatabase(path, 'state')
  if (!record) throw new Error('step 0 is not on the log')
  rewriteTimeline(db, (row) => (row.type === 'trace' ? { ...row, offset: null } : row))
  for (const { seq } of db.prepare<[], { seq: number }>(`select seq from timeline where type = 'trace'`).all()) {
    const records = packRecords([{ timelineSeq: seq, record, isEnvelope: true }])
    db.prepare('insert into outbox (first_timeline_seq, last_timeline_seq, records) values (?, ?, ?)').run(
      seq,
      seq,
      records,
    )
  }
}

function countUnsent(group: TestGroup): number | undefined {
  using db = openDatabase(group.stateFile('agent-a'), 'state')
  return db.prepare<[], { n: number }>('select count(*) as n from outbox').get()?.n
}

const receipt = (taskId: string, redo: number): string => `receipt of ${taskId}/1/${redo}`

/** What R4 promises, on whichever log the member works. */
export function describeJournal(form: 'embedded' | 'kafka'): void {
  describe('a run that is killed', () => {
    it.each(POINTS)(
      '%s is done goes on at the next step on the same host, and nothing happens twice',
      async (point) => {
        const { payload, effects, executed, done, taskId } = await tell(form, { point, by: 'agent-a' })
        expect(payload.status).toBe('completed')
        expect(effects.filter((key) => key.startsWith(`${taskId}/1/`))).toHaveLength(1)
        // What had a result is not done again, so no model call is paid twice.
        for (const name of done) expect(executed.filter((other) => other === name)).toHaveLength(1)
      },
    )

    it.each(['before charge', 'after charge', 'before check', 'after note'])(
      '%s is done goes on at the next step on another host, and nothing happens twice',
      async (point) => {
        const { payload, effects, executed, done, taskId } = await tell(form, { point, by: 'agent-b' })
        expect(payload).toMatchObject({ status: 'completed', agent_id: 'agent-b' })
        expect(effects.filter((key) => key.startsWith(`${taskId}/1/`))).toHaveLength(1)
        for (const name of done) expect(executed.filter((other) => other === name)).toHaveLength(1)
      },
    )
  })

  it('finds on the log what a state file that was put back from a copy does not know', async () => {
    const { payload, executed, effects, taskId } = await tell(form, {
      ...{ point: 'before note', by: 'agent-a' },
      between: (group, id) => forgetAfterFirstStep(group.stateFile('agent-a'), id),
    })
    expect(payload.status).toBe('completed')
    expect(effects.filter((key) => key.startsWith(`${taskId}/1/`))).toHaveLength(1)
    expect(executed.filter((name) => name === 'charge' || name === 'check')).toEqual(['charge', 'check'])
  })

  it('finds it also when another restart came between, in which the copy has sent again what it had not seen sent', async () => {
    await using group = await createTestGroup(form)
    const gate = createGate('before note')
    const steps = createFiveSteps({ ledger: createEffectLedger(), gate })
    const first = group.start('agent-a', steps.handler)
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    await vi.waitFor(async () => expect(await results(group, asked.taskId)).toHaveLength(3), PATIENCE)
    await first.abandon()
    await unsendFirstStep(group, asked.taskId)
    // It sends, and reads of no task.
    const isOver = Promise.withResolvers<void>()
    const log = holdReading(group.log, (batches) =>
      batches.some(({ topic }) => topic === topicName(group.scope, 'tasks_status')) ? isOver.promise : null,
    )
    const second = group.start('agent-a', steps.handler, { log })
    await vi.waitFor(async () => expect(await results(group, asked.taskId)).toHaveLength(4), PATIENCE)
    await vi.waitFor(() => expect(countUnsent(group)).toBe(0), PATIENCE)
    const gone = second.abandon()
    isOver.resolve()
    await gone
    group.start('agent-a', steps.handler)
    expect((await asked.outcome).payload.status).toBe('completed')
    expect(steps.executed).toEqual(['draft', 'charge', 'check', 'note', 'answer'])
  })

  describe('an effect in doubt', () => {
    it('is tried under the next redo when its tool says that it never happened', async () => {
      const { payload, effects, taskId } = await tell(form, { point: 'before charge', by: 'agent-a' })
      expect(effects.slice(0, 1)).toEqual([`${taskId}/1/1`])
      expect(payload.content).toContain(receipt(taskId, 1))
    })

    it('is not tried again when its tool says that it happened', async () => {
      const { payload, executed, taskId } = await tell(form, { point: 'after charge', by: 'agent-a' })
      expect(executed.filter((name) => name === 'charge')).toHaveLength(1)
      expect(payload.content).toContain(receipt(taskId, 0))
    })

    it.each([
      ['that it happened', { happened: true, output: 'seen in the books' }, 1, 'seen in the books'],
      ['that it did not', { happened: false }, 2, '/1/1'],
    ])('waits for a person where its tool cannot tell, who decides %s', async (_, decision, calls, content) => {
      const more = { settle: async () => ({ kind: 'unknown' as const }) }
      const { payload, executed } = await tell(form, {
        ...{ point: 'after charge', by: 'agent-a', more },
        meanwhile: async (group, taskId) => {
          const approval_id = await askedApproval(group, taskId)
          await group.client.publish({
            type: 'approval',
            correlation_id: taskId,
            payload: { approval_id, status: 'granted', ...decision },
          })
        },
      })
      expect(executed.filter((name) => name === 'charge')).toHaveLength(calls)
      expect(payload.content).toContain(content)
    })

    it('ends the task when a person denies', async () => {
      const { payload } = await tell(form, {
        ...{ point: 'after charge', by: 'agent-a', more: { settle: async () => ({ kind: 'unknown' as const }) } },
        meanwhile: async (group, taskId) => {
          const approval_id = await askedApproval(group, taskId)
          const denied = { approval_id, status: 'denied' as const, reason: 'nobody knows' }
          await group.client.publish({ type: 'approval', correlation_id: taskId, payload: denied })
        },
      })
      expect(payload).toMatchObject({ status: 'failed', error: { code: 'KC_RUN_IN_DOUBT' } })
    })

    it('is settled within a living run too, when its call takes longer than it may', async () => {
      await using group = await createTestGroup(form)
      const ledger = createEffectLedger()
      const steps = createFiveSteps({ ledger, gate: createGate('after charge') })
      group.start('agent-a', steps.handler)
      const asked = await group.client.ask({ payload: { content: 'x' } })
      expect((await asked.outcome).payload.content).toContain(receipt(asked.taskId, 0))
      expect(ledger.effects.filter((key) => key.startsWith(`${asked.taskId}/1/`))).toHaveLength(1)
    })
  })

  it.each(['agent-a', 'agent-b'])('an output too large for a record is whole when %s goes on', async (by) => {
    await using group = await createTestGroup(form)
    const gate = createGate('large step done')
    const large = { rows: Array.from({ length: 4000 }, (_, n) => `row ${n}: ${'é'.repeat(40)}`) }
    let calls = 0
    const handler: RunHandler = async (run) => {
      const spec: StepSpec = { kind: 'tool', name: 'export', inputHash: sha256('export'), effect: 'none' }
      const { output } = await run.perform(spec, async () => {
        calls++
        return { status: 'completed', output: large }
      })
      await gate.at('large step done')
      return { status: 'completed', content: sha256(JSON.stringify(output)) }
    }
    const first = group.start('agent-a', handler)
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    await vi.waitFor(async () => expect(await results(group, asked.taskId)).toHaveLength(1), PATIENCE)
    await first.abandon()
    group.start(by, handler)
    expect((await asked.outcome).payload.content).toBe(sha256(JSON.stringify(large)))
    expect(calls).toBe(1)
    const [result] = await results(group, asked.taskId)
    expect(result).toMatchObject({ output: null, output_ref: { content_type: 'application/json' } })
  })

  it('a step that fails for a while is tried again, one that no try can mend is not', async () => {
    await using group = await createTestGroup(form)
    const tries: string[] = []
    group.start('agent-a', async (run) => {
      const spec: StepSpec = { kind: 'model', name: 'model', inputHash: sha256('m'), effect: 'none' }
      const code = run.request.payload.content === 'busy' ? 'KC_MODEL_RATE_LIMITED' : 'KC_MODEL_REJECTED'
      await run.perform(spec, async () => {
        tries.push(code)
        if (tries.length > 1 && code === 'KC_MODEL_RATE_LIMITED') return { status: 'completed', output: null }
        throw new AppError(code, 'The endpoint said no.')
      })
      return { status: 'completed' }
    })
    const busy = await group.client.ask({ payload: { content: 'busy' } })
    expect((await busy.outcome).payload.status).toBe('completed')
    const refused = await group.client.ask({ payload: { content: 'refused' } })
    expect((await refused.outcome).payload).toMatchObject({ status: 'failed', error: { code: 'KC_MODEL_REJECTED' } })
    expect(tries).toEqual(['KC_MODEL_RATE_LIMITED', 'KC_MODEL_RATE_LIMITED', 'KC_MODEL_REJECTED'])
  })

  it('a run that comes to another step than its journal holds stops instead of mixing two plans', async () => {
    await using group = await createTestGroup(form)
    const gate = createGate('first step done')
    const step = (name: string): StepSpec => ({ kind: 'model', name, inputHash: sha256(name), effect: 'none' })
    const done = async () => ({ status: 'completed' as const, output: null })
    const first = group.start('agent-a', async (run) => {
      await run.perform(step('plan a'), done)
      await gate.at('first step done')
      return { status: 'completed' }
    })
    await first.whenReady()
    const asked = await group.client.ask({ payload: { content: 'x' } })
    await gate.reached
    await vi.waitFor(async () => expect(await results(group, asked.taskId)).toHaveLength(1), PATIENCE)
    await first.abandon()
    group.start('agent-a', async (run) => {
      await run.perform(step('plan b'), done)
      return { status: 'completed' }
    })
    expect((await asked.outcome).payload).toMatchObject({
      status: 'failed',
      error: { code: 'KC_RUN_NON_DETERMINISM' },
    })
  })

  it('a run that finds its journal fenced by a later attempt does nothing more', async () => {
    const { actedBy } = await beFenced(form)
    expect(actedBy).toHaveLength(1)
    expect(actedBy[0]).toBeGreaterThan(1)
  })

  describe('without one of its rules', () => {
    const off = (rule: keyof NonNullable<MemberOptions['journalRules']>) => ({
      overrides: { journalRules: { [rule]: false } },
    })

    it('settling: an effect in doubt happens twice', async () => {
      const { effects, taskId } = await tell(form, { point: 'after charge', by: 'agent-a', ...off('settle') })
      expect(effects.filter((key) => key.startsWith(`${taskId}/1/`))).toHaveLength(2)
    })

    it('journal_from: another host pays for the model calls again', async () => {
      const { executed } = await tell(form, { point: 'before check', by: 'agent-b', ...off('journalFrom') })
      expect(executed.filter((name) => name === 'draft')).toHaveLength(2)
    })

    it('doubt after a timeout: an effect happens twice within one run', async () => {
      await using group = await createTestGroup(form)
      const ledger = createEffectLedger()
      const steps = createFiveSteps({ ledger, gate: createGate('after charge') })
      group.start('agent-a', steps.handler, off('doubtAfterTimeout').overrides)
      const asked = await group.client.ask({ payload: { content: 'x' } })
      await asked.outcome
      expect(ledger.effects.filter((key) => key.startsWith(`${asked.taskId}/1/`))).toHaveLength(2)
    })

    // That the intent is read back matters when the fence comes just before it: the simulation finds such schedules.
    it('fence: a fenced run acts on the world', async () => {
      const { actedBy } = await beFenced(form, off('fence').overrides)
      expect(actedBy).toEqual([1])
    })
  })
}

/** A record of attempt 3 of another run stands before the first effect of a run; who wrote it does not matter. */
async function beFenced(form: 'embedded' | 'kafka', overrides: Partial<MemberOptions> = {}) {
  await using group = await createTestGroup(form)
  const ledger = createEffectLedger()
  const steps = createFiveSteps({ ledger, gate: createGate(null) })
  const reached = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  group.start(
    'agent-a',
    async (run) => {
      reached.resolve()
      await goOn.promise
      return steps.handler(run)
    },
    overrides,
  )
  const asked = await group.client.ask({ payload: { content: 'x' } })
  await reached.promise
  const started = { run_id: 'run-of-another', attempt: 3, phase: 'started' } as const
  await group.client.publish({ type: 'trace', correlation_id: asked.taskId, payload: started })
  goOn.resolve()
  expect((await asked.outcome).payload.status).toBe('completed')
  return { actedBy: steps.chargedBy }
}

async function askedApproval(group: TestGroup, taskId: string): Promise<string> {
  return vi.waitFor(async () => {
    const records = await readAll(group.log, [topicName(group.scope, 'control_approvals')])
    const [asked] = records.flatMap((record) => {
      const decoded = decode(record)
      if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'approval') return []
      return decoded.envelope.correlation_id === taskId ? [decoded.envelope.payload.approval_id] : []
    })
    if (asked === undefined) throw new Error('no approval has been asked')
    return asked
  }, PATIENCE)
}
