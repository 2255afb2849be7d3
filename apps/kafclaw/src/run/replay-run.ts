import { existsSync } from 'node:fs'
import { AppError, type RequestEnvelope, type ResponseEnvelope } from '@kafclaw/envelope'
import { EXIT, type Exchange, type Host, type RunOutcome } from '@kafclaw/runtime'
import { type Db, openDatabase } from '@kafclaw/storage'
import type { ReplayRunOptions } from '../commands/run.ts'
import { openGroup } from '../group/open-group.ts'
import { watchForInterruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import { readTask } from '../tasks/read-task.ts'
import { compareOutcomes, type Difference } from './compare-outcomes.ts'
import { type RunHistory, readRun } from './read-run.ts'
import { createReplayedRun, type RecordedStep, type ReplayedRun } from './replayed-run.ts'
import { type Replayed, showReplay } from './show-replay.ts'

/** The name under which the built-in model can be chosen. */
const OFFLINE = 'offline'

/** Runs a task once more from its journal, and compares what comes out. Exit 1 on any difference. */
export async function replayRun(invocation: Invocation, taskId: string, options: ReplayRunOptions): Promise<number> {
  const from = readFrom(options.from)
  await using opened = openGroup(invocation)
  const host = chooseModel(opened, options.model)
  const found = await readRun(host, taskId)
  const { request, outcome } = requireEnded(found, taskId)
  using interruption = watchForInterruption()
  const isAsked = options.model !== undefined || options.from !== undefined
  const replay = createReplayedRun({
    taskId,
    request,
    recorded: recordedSteps(found),
    hasAnswered: outcome.payload.status === 'completed',
    asksModel: (step) => isAsked && step >= from,
    signal: interruption.signal,
  })
  const after = await handle(host, { replay, agentId: agentOf(found, outcome) })
  const replayed: Replayed = {
    taskId,
    steps: replay.steps,
    divergence: replay.divergence(),
    differences: differencesOf(replay, outcome, after),
    answer: after?.content ?? null,
  }
  showReplay(invocation.output, replayed)
  return replayed.differences.length === 0 && replayed.divergence === null ? EXIT.done : EXIT.notGood
}

/** Error: KC_USAGE. */
function readFrom(text: string | undefined): number {
  if (text === undefined) return 0
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new AppError(
    'KC_USAGE',
    `"${text}" is no step: --from takes its number, from 0, as "kafclaw run show" lists them.`,
  )
}

/** Error: KC_USAGE where a model is named and nobody says where it is served. */
function chooseModel(host: Host, model: string | undefined): Host {
  if (model === undefined) return host
  const { settings } = host
  if (model === OFFLINE) return { ...host, settings: { ...settings, modelUrl: null, model: null } }
  if (settings.modelUrl !== null) return { ...host, settings: { ...settings, model } }
  throw new AppError('KC_USAGE', `Set KAFCLAW_MODEL_URL to where "${model}" is served; --model ${OFFLINE} needs none.`)
}

function requireEnded(
  { history }: RunHistory,
  taskId: string,
): { request: RequestEnvelope; outcome: ResponseEnvelope } {
  const request = history.requests.find(({ ignored }) => ignored === null)?.envelope
  const outcome = history.responses.find(({ ignored }) => ignored === null)?.envelope
  if (request && outcome) return { request, outcome }
  const what = request
    ? 'has no outcome yet: there is nothing to compare a replay with'
    : 'has no request on the log any more'
  throw new AppError('KC_NOT_FOUND', `Task "${taskId}" ${what}.`)
}

function agentOf({ history }: RunHistory, outcome: ResponseEnvelope): string {
  const agentId = outcome.payload.agent_id ?? history.attempts.at(-1)?.agentId
  if (agentId) return agentId
  throw new AppError(
    'KC_NOT_FOUND',
    `No agent has worked on task "${outcome.correlation_id}": there is no run to replay.`,
  )
}

function recordedSteps({ journal }: RunHistory): RecordedStep[] {
  return journal.tries.flatMap(({ state, result, step, kind, name }): RecordedStep[] => {
    if (state !== 'done' || result === null || kind === null) return []
    const { status, usage, citations, input_hash: inputHash } = result.envelope.payload
    const output = journal.outputOf(result)
    const given = {
      status: status === 'failed' ? 'failed' : 'completed',
      output,
      name: name ?? kind,
      usage,
      citations,
    } as const
    return [{ step, kind, inputHash, result: given }]
  })
}

/** Null where the replay could not go on. Other errors than that are thrown. */
async function handle(
  host: Host,
  { replay, agentId }: { replay: ReplayedRun; agentId: string },
): Promise<RunOutcome | null> {
  const { agentOptions, createReplayHandler } = await import('@kafclaw/agent-worker')
  const options = agentOptions({ ...host, settings: { ...host.settings, agentId } })
  using db = openState(host, agentId)
  try {
    const exchange = (id: string): Promise<Exchange | null> => readExchange(host, id)
    return await createReplayHandler(host, options, { db, exchange })(replay.run)
  } catch (error) {
    if (replay.divergence() !== null || replay.isAtEnd()) return null
    const known = AppError.fromUnknown(error, 'KC_BUG')
    // What ends a run as failed, as it would have then.
    if (known.code !== 'KC_RUN_FAILED') throw known
    return { status: 'failed', error: { code: known.code, message: known.message } }
  }
}

/** A turn of a conversation that is not kept on this machine. */
async function readExchange(host: Host, taskId: string): Promise<Exchange | null> {
  const { requests, responses } = await readTask(host, taskId)
  const request = requests.find(({ ignored }) => ignored === null)?.envelope
  const answer = responses.find(({ ignored }) => ignored === null)?.envelope
  return request && answer ? { request, answer } : null
}

/** The conversations that the agent has kept, where it lives on this machine. */
function openState({ data }: Host, agentId: string): Db | null {
  const path = data.member(agentId).stateDb
  return existsSync(path) ? openDatabase(path, 'state', { readOnly: true }) : null
}

function differencesOf(replay: ReplayedRun, { payload }: ResponseEnvelope, after: RunOutcome | null): Difference[] {
  // It stopped where the run had stopped, before there was an answer.
  return replay.isAtEnd() ? [] : compareOutcomes(payload, after)
}
