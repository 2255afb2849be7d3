import { setTimeout as sleep } from 'node:timers/promises'
import { createAgentWorker } from '@kafclaw/agent-worker'
import { createSystemEnv } from '@kafclaw/env'
import { decode, type RawRecord, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { createScriptedModel } from '@kafclaw/llm'
import { applyTopics, connectGroup, type Host, openHost, readSettings } from '@kafclaw/runtime'
import { openDatabase } from '@kafclaw/storage'
import { createJournal } from '@kafclaw/tasks'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { tempDir, uniqueName } from '@kafclaw/testing'
import { createTool, Type } from '@kafclaw/tools'
import { median, round } from './figures.ts'

const STEPS = [10, 100, 1000, 10_000] as const
/** About 200,000 tokens, which the model is shown at every step. */
const CONVERSATION = 'All that was said before. '.repeat(30_800)
const TOOL_OUTPUT = 'x'.repeat(200)
const FOLDS = 5

interface Measured {
  steps: number
  tracesBytes: number
  sqliteBytes: number
  foldMs: number
}

/** Bytes that a run of so many steps over a long conversation leaves on `traces` and in SQLite, and the time to fold them. */
export async function benchJournal() {
  const measured: Measured[] = []
  for (const steps of STEPS) measured.push(await measure(steps))
  const figures: Record<string, number> = {}
  for (const { steps, tracesBytes, sqliteBytes, foldMs } of measured) {
    figures[`traces_bytes_${steps}`] = tracesBytes
    figures[`sqlite_bytes_${steps}`] = sqliteBytes
    figures[`fold_ms_${steps}`] = round(foldMs)
  }
  return { conversation_bytes: CONVERSATION.length, ...figures, ...slopes(measured) }
}

/** Bytes for one more step between each size and the next; a straight line has the same everywhere. */
function slopes(measured: readonly Measured[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const [index, large] of measured.entries()) {
    const small = measured[index - 1]
    if (!small) continue
    const steps = large.steps - small.steps
    found[`traces_bytes_per_step_to_${large.steps}`] = round((large.tracesBytes - small.tracesBytes) / steps, 0)
    found[`sqlite_bytes_per_step_to_${large.steps}`] = round((large.sqliteBytes - small.sqliteBytes) / steps, 0)
  }
  return found
}

async function measure(steps: number): Promise<Measured> {
  await using folder = await tempDir()
  const env = createSystemEnv()
  const { values: settings } = readSettings({ KAFCLAW_DATA_DIR: folder.path, KAFCLAW_GROUP: uniqueName('journal') })
  const logger = createLogger({ service: 'bench', level: 'warn' })
  await using host = openHost({ env, logger, metrics: noMetrics(), settings, clientId: 'bench' })
  const scope = { group: settings.group, zone: settings.zone }
  await applyTopics({ log: host.log, env, scope, senderId: 'bench', leaseMs: 12_000 })
  const worker = createRunner(host, steps)
  await worker.whenReady()
  const client = await connectGroup({ log: host.log, env, ...scope, senderId: 'bench' })
  try {
    const before = sqliteBytes(host)
    const asked = await client.ask({ payload: { content: `Take ${steps} steps.` } })
    const { payload } = await asked.outcome
    if (payload.status !== 'completed') throw new Error(`the run of ${steps} steps ended as ${payload.status}`)
    const records = (await readAll(host.log, [topicName(scope, 'traces')])).filter(isOf(asked.taskId))
    return {
      steps,
      tracesBytes: records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
      sqliteBytes: sqliteBytes(host) - before,
      foldMs: median(Array.from({ length: FOLDS }, () => foldMs(records, steps))),
    }
  } finally {
    await client.close()
    await worker.stop()
  }
}

/**
 * Half of the steps are calls of a model, half those of a tool. The first call of it waits until the step before is stored: of a run
 * that is over before its claim has been read back, a service keeps no rows.
 */
function createRunner(host: Host, steps: number) {
  let calls = 0
  const look = createTool({
    name: 'look',
    description: 'Looks.',
    parameters: Type.Object({}, { additionalProperties: false }),
    kind: 'tool',
    effect: 'none',
    longestCallMs: 1000,
    async run() {
      while (calls === 0 && !hasRows(host)) await sleep(10)
      calls++
      return { status: 'completed', content: TOOL_OUTPUT }
    },
  })
  const turns = steps / 2
  const model = createScriptedModel((_, turn) => ({
    content: turn < turns ? 'I look again.' : 'done',
    toolCalls: turn < turns ? [{ id: `call_${turn}`, name: 'look', arguments: '{}' }] : [],
    usage: null,
    model: 'scripted',
    finishReason: 'stop',
  }))
  const agent = { agentId: 'bench', skills: ['chat'], concurrency: 1, recall: null }
  return createAgentWorker(host, { ...agent, instructions: CONVERSATION, model, tools: [look], mostTurns: steps + 1 })
}

function isOf(taskId: string): (record: RawRecord) => boolean {
  return ({ key }) => key?.toString() === taskId
}

function openState(host: Host) {
  return openDatabase(host.data.member('bench').stateDb, 'state', { readOnly: true })
}

function hasRows(host: Host): boolean {
  using db = openState(host)
  return db.prepare('select 1 from run_step limit 1').get() !== undefined
}

function sqliteBytes(host: Host): number {
  using db = openState(host)
  return Number(db.pragma('page_count')) * Number(db.pragma('page_size'))
}

/** Reading the bytes into a journal, as a host does that has never seen the task. */
function foldMs(records: readonly RawRecord[], steps: number): number {
  const startMs = performance.now()
  const journal = createJournal()
  for (const record of records) {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'trace') continue
    const { id, payload } = decoded.envelope
    journal.add({ ...payload, recordId: id, runId: payload.run_id })
  }
  const elapsedMs = performance.now() - startMs
  if (journal.finishedSteps() !== steps + 1) throw new Error(`the journal has ${journal.finishedSteps()} steps`)
  return elapsedMs
}
