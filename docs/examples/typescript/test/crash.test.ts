import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LLMock } from '@copilotkit/aimock'
import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const here = join(import.meta.dirname, '..')
const kafclaw = join(here, '..', '..', '..', 'apps', 'kafclaw', 'src', 'main.ts')
const PATIENCE = { timeout: 30_000, interval: 50 }
const CALL = { id: 'call_1', name: 'shop__order', arguments: JSON.stringify({ item: 'chairs', quantity: 3 }) }

let dir: TempDir
let model: LLMock
let orders: string
let processes: ChildProcess[]

beforeEach(async () => {
  processes = []
  dir = await tempDir()
  orders = join(dir.path, 'orders.jsonl')
  model = new LLMock({ port: 0 })
  model.on({ userMessage: /order/, hasToolResult: false }, { toolCalls: [CALL] })
  model.on({ toolCallId: CALL.id }, { content: 'Three chairs are ordered.' })
  await model.start()
})

afterEach(async () => {
  await Promise.all(processes.map(kill))
  await model.stop()
  await dir[Symbol.asyncDispose]()
})

function start(args: readonly string[], variables: Record<string, string> = {}): ChildProcess {
  const system = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAFCLAW_')))
  const place = { KAFCLAW_DATA_DIR: dir.path, KAFCLAW_AGENT_ID: 'buyer', NODE_OPTIONS: '' }
  const child = spawn(process.execPath, ['-C', '@kafclaw/source', ...args], {
    env: { ...system, ...place, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  processes.push(child)
  return child
}

async function outputOf(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (text) => {
    stdout += text
  })
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, stderr }
}

async function command<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await outputOf(start([kafclaw, ...args, '-o', 'json']))
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout)
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGKILL')
  await ended
}

/** The shop of this example, and where it is. */
async function openShop(slowMs: number, port = '0'): Promise<{ shop: ChildProcess; url: string }> {
  const args = [join(here, 'src', 'shop.ts'), '--port', port, '--orders', orders, '--slow-ms', String(slowMs)]
  const shop = start(args)
  const url = await new Promise<string>((resolve, reject) => {
    shop.stdout?.on('data', (text) => {
      const [found] = /http:\S+/.exec(String(text)) ?? []
      if (found) resolve(found)
    })
    shop.on('close', () => reject(new Error('the shop did not open')))
  })
  return { shop, url }
}

function startWorker(shopUrl: string): ChildProcess {
  const worker = start([join(here, 'src', 'main.ts')], {
    KAFCLAW_SKILLS: 'shopping',
    KAFCLAW_MODEL_URL: `${model.url}/v1`,
    KAFCLAW_MODEL: 'gpt-test',
    SHOP_URL: shopUrl,
  })
  worker.stdout?.resume()
  worker.stderr?.resume()
  return worker
}

interface Line {
  key: string
  order: { id: number; item: string; quantity: number } | null
}

function book(): Line[] {
  const lines = existsSync(orders) ? readFileSync(orders, 'utf8').split('\n') : []
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}

async function ask(): Promise<string> {
  await command('topics', 'apply')
  const { task_id } = await command<{ task_id: string }>('ask', '--skill', 'shopping', '--no-wait', 'order 3 chairs')
  return task_id
}

interface RunShown {
  status: string | null
  steps: Array<{ step: number; redo: number; kind: string; state: string; status: string; replayed_by: number[] }>
}

async function untilCompleted(taskId: string): Promise<RunShown> {
  return vi.waitFor(
    async () => {
      const shown = await command<RunShown>('run', 'show', taskId)
      expect(shown.status).toBe('completed')
      return shown
    },
    { timeout: 60_000, interval: 200 },
  )
}

it('killed between the order and the answer of the shop, it goes on without a second order', async () => {
  const { url } = await openShop(600_000)
  const taskId = await ask()
  const killed = startWorker(url)
  await vi.waitFor(() => expect(book()).toHaveLength(1), PATIENCE)
  await kill(killed)
  startWorker(url)
  const { steps } = await untilCompleted(taskId)
  expect(book()).toEqual([{ key: `${taskId}/1/0`, order: { id: 1, item: 'chairs', quantity: 3 } }])
  // The model was asked for the order and for the answer; nothing was paid twice.
  expect(model.getRequests()).toHaveLength(2)
  expect(steps.map(({ step, redo, kind, state, replayed_by }) => ({ step, redo, kind, state, replayed_by }))).toEqual([
    { step: 0, redo: 0, kind: 'model', state: 'done', replayed_by: [2] },
    { step: 1, redo: 0, kind: 'tool', state: 'superseded', replayed_by: [] },
    { step: 1, redo: 0, kind: 'tool', state: 'done', replayed_by: [] },
    { step: 2, redo: 0, kind: 'model', state: 'done', replayed_by: [] },
  ])
  await command('run', 'replay', taskId)
}, 120_000)

it('called while the shop was closed, the shop gives the key up, and the order is placed under the next one', async () => {
  const { shop, url } = await openShop(0)
  await kill(shop)
  const taskId = await ask()
  startWorker(url)
  await vi.waitFor(async () => expect((await command<RunShown>('run', 'show', taskId)).steps).toHaveLength(2), PATIENCE)
  await openShop(0, new URL(url).port)
  await untilCompleted(taskId)
  expect(book()).toEqual([
    { key: `${taskId}/1/0`, order: null },
    { key: `${taskId}/1/1`, order: { id: 2, item: 'chairs', quantity: 3 } },
  ])
}, 120_000)

it('ordered where no answer could be had is asked of a person, and goes on with what that person says', async () => {
  const { shop, url } = await openShop(600_000)
  const taskId = await ask()
  startWorker(url)
  await vi.waitFor(() => expect(book()).toHaveLength(1), PATIENCE)
  await kill(shop)
  const [asked] = await vi.waitFor(
    async () => {
      const open = await command<Array<{ approval_id: string }>>('approvals', 'list', '--state', 'open')
      expect(open).toHaveLength(1)
      return open
    },
    { timeout: 60_000, interval: 200 },
  )
  await command('approvals', 'grant', asked?.approval_id ?? '', '--happened', '--result', '{"id":1}')
  await untilCompleted(taskId)
  expect(model.getRequests().at(-1)?.body).toMatchObject({
    messages: expect.arrayContaining([expect.objectContaining({ role: 'tool', content: '{"id":1}' })]),
  })
}, 120_000)
