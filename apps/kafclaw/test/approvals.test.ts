import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { approvalIdFor } from '@kafclaw/envelope'
import { createEmbeddedLog, type Log } from '@kafclaw/kafka'
import { connectGroup, type GroupClient } from '@kafclaw/runtime'
import { createLogger } from '@kafclaw/telemetry'
import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kafclaw, kafclawJson, type Place } from './kafclaw-process.ts'

const TASK = 'task_charged'
const env = createSystemEnv()

let dir: TempDir
let place: Place
let log: Log
let client: GroupClient

beforeEach(async () => {
  dir = await tempDir()
  place = { dataDir: dir.path, variables: { KAFCLAW_AGENT_ID: 'agent-x' } }
  expect((await kafclaw(place, ['topics', 'apply'])).code).toBe(0)
  const path = join(dir.path, 'local', 'log.db')
  log = createEmbeddedLog({ path, env, logger: createLogger({ service: 'test', level: 'silent' }) })
  client = await connectGroup({ log, env, group: 'local', zone: 'public', senderId: 'agent-b' })
})

afterEach(async () => {
  await client.close()
  await log.close()
  await dir[Symbol.asyncDispose]()
})

/** What a run asks of a person. */
async function ask(step: number, expiresMs = 3_600_000): Promise<string> {
  const approvalId = approvalIdFor({ taskId: TASK, step, redo: 0, content: 'x' })
  await client.publish({
    type: 'approval',
    correlation_id: TASK,
    expires_at: new Date(env.now() + expiresMs).toISOString(),
    payload: {
      approval_id: approvalId,
      status: 'asked',
      subject: 'settle',
      question: 'Did the call of billing.charge happen?',
      run_id: 'run-1',
      attempt: 2,
      agent_id: 'agent-b',
      step,
      redo: 0,
      tool: 'billing.charge',
      idempotency_key: `${TASK}/${step}/0`,
      arguments: { cents: 4200 },
    },
  })
  return approvalId
}

interface Shown {
  approval_id: string
  status: string
  decision: object | null
  later: object[]
}

describe('approvals', { timeout: 120_000 }, () => {
  it('list what waits for a person, and show all that helps to decide', async () => {
    const [open, over] = [await ask(3), await ask(4, -1000)]
    const list = (...args: string[]): Promise<Shown[]> => kafclawJson<Shown[]>(place, ['approvals', 'list', ...args])
    expect((await list()).map(({ approval_id }) => approval_id)).toEqual([over, open])
    expect(await list('--state', 'open', '--task', TASK)).toMatchObject([{ approval_id: open, status: 'open' }])
    expect(await kafclawJson<Shown>(place, ['approvals', 'show', open])).toMatchObject({
      task_id: TASK,
      tool: 'billing.charge',
      arguments: { cents: 4200 },
      idempotency_key: `${TASK}/3/0`,
      decision: null,
    })
    const { stdout, stderr } = await kafclaw(place, ['approvals', 'show', open])
    expect(stdout).toContain('{"cents":4200}')
    expect(stderr).toContain(`kafclaw approvals grant ${open} --happened`)
  })

  it('are decided once: the first decision counts, and a second one says whose that was', async () => {
    const id = await ask(3)
    const first = await kafclaw(place, ['approvals', 'grant', id, '--happened', '--result', '{"receipt":"r-1"}'])
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('granted: it happened') })
    const second = await kafclaw(place, ['approvals', 'deny', id, '--reason', 'nobody knows', '-o', 'json'])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('agent-x-cli had decided before')
    const counting = { status: 'granted', happened: true, output: { receipt: 'r-1' }, by: 'agent-x-cli' }
    expect(JSON.parse(second.stdout)).toMatchObject({ decided: false, decision: counting })
    // One that comes at the same time and is appended later changes nothing either.
    await client.publish({
      type: 'approval',
      correlation_id: TASK,
      payload: { approval_id: id, status: 'granted', happened: false },
    })
    expect(await kafclawJson<Shown>(place, ['approvals', 'show', id])).toMatchObject({
      status: 'granted',
      decision: counting,
      later: [{ happened: false, by: 'agent-b' }],
    })
  })

  it('say what is missing, and nothing of what nobody has asked', async () => {
    const id = await ask(3)
    for (const args of [
      [],
      ['--happened', '--did-not-happen'],
      ['--did-not-happen', '--result', '1'],
      ['--happened', '--result', '{'],
    ]) {
      expect(await kafclaw(place, ['approvals', 'grant', id, ...args])).toMatchObject({ code: 2, stdout: '' })
    }
    expect(await kafclaw(place, ['approvals', 'deny', id])).toMatchObject({ code: 2, stdout: '' })
    expect(await kafclaw(place, ['approvals', 'grant', 'approval_x', '--happened'])).toMatchObject({
      code: 1,
      stdout: '',
    })
    expect(await kafclawJson<Shown>(place, ['approvals', 'show', id])).toMatchObject({ status: 'open' })
  })
})
