import { sleep } from '@kafclaw/env'
import { AppError, formatPlace, type RecordPlace, type ResponseEnvelope } from '@kafclaw/envelope'
import type { RecalledItem } from '@kafclaw/memory'
import { buildRecordTree, connectGroup, type GroupClient, keepMemberId, type RecordNode } from '@kafclaw/runtime'
import { awaitOutcome } from '../ask/await-outcome.ts'
import { describeStatus } from '../ask/progress.ts'
import { recallFromIndexer } from '../memory/recall-from-indexer.ts'
import type { Output } from '../output/output.ts'
import { traceFromSink } from '../trace/trace-from-sink.ts'
import { AGENTS, type DemoGroup, EXPERT_MEMORY } from './demo-group.ts'

export interface DemoResult {
  question: string
  fact: string
  /** What agent A reports. */
  answer: string
  /** The item of agent C that the answer rests on. */
  memory: RecordPlace & { item_id: string }
  /** Citations of the answer. */
  citations: ResponseEnvelope['payload']['citations']
  /** Everything that belongs to the question, as the audit sink tells it. */
  tree: RecordNode[]
}

export interface StoryOptions {
  fact: string
  question: string
  interrupted: AbortSignal
  output: Output
}

const TELLERS: ReadonlySet<string> = new Set(Object.values(AGENTS))
const OUTCOME_WITHIN_MS = 60_000
const INDEXED_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 50

/** C remembers, A asks B, B recalls and answers, A reports. Error: KC_DEMO_FAILED with what went wrong. */
export async function tellStory(group: DemoGroup, options: StoryOptions): Promise<DemoResult> {
  const { host } = group
  const { fact, question, output } = options
  const client = await connectGroup({
    log: host.log,
    env: host.env,
    group: host.settings.group,
    zone: host.settings.zone,
    senderId: 'demo',
    onStatus(envelope) {
      // What the demo asks of the index and of the audit is no part of the story.
      if (TELLERS.has(envelope.sender_id)) output.note(`  ${describeStatus(envelope)}`)
    },
  })
  try {
    output.note(`${AGENTS.author} is told: ${fact}`)
    await askAgent(client, group, { ...options, to: AGENTS.author, content: `remember that ${fact}` })
    const memory = await untilIndexed(client, group, options)
    output.note(
      `  memory item ${memory.item_id} of ${memory.author} at ${formatPlace(memory)}, and ${AGENTS.expert} can recall it`,
    )

    output.note(`${AGENTS.reporter} is told to ask ${AGENTS.expert}: ${question}`)
    const content = `ask ${AGENTS.expert}: ${asQuestion(question)}`
    const { taskId, response } = await askAgent(client, group, { ...options, to: AGENTS.reporter, content })
    const { records } = await traceFromSink(client, taskId, {
      sinkId: keepMemberId(host.data, 'audit-sink', host.env),
      env: host.env,
      interrupted: options.interrupted,
    })
    const tree = buildRecordTree(records)
    const { citations } = response.payload
    return { question, fact, answer: response.payload.content ?? '', memory, citations, tree }
  } finally {
    await client.close()
  }
}

/** Not every question that people type ends as one. */
function asQuestion(text: string): string {
  return /[?？]$/u.test(text) ? text : `${text}?`
}

async function askAgent(
  client: GroupClient,
  { host }: DemoGroup,
  { to, content, interrupted }: StoryOptions & { to: string; content: string },
): Promise<{ taskId: string; response: ResponseEnvelope }> {
  const { taskId, outcome } = await client.ask({ recipientId: to, payload: { content } })
  const end = await awaitOutcome(outcome, {
    env: host.env,
    timeoutMs: OUTCOME_WITHIN_MS,
    lastMs: Number.MAX_SAFE_INTEGER,
    interrupted,
  })
  if (end === 'interrupted') throw interruption()
  if (typeof end === 'string') {
    throw new AppError('KC_DEMO_FAILED', `${to} did not answer within ${OUTCOME_WITHIN_MS / 1000} s.`)
  }
  const { status, error, content: answer } = end.payload
  if (status === 'completed') return { taskId, response: end }
  throw new AppError(
    'KC_DEMO_FAILED',
    `The task of ${to} ended as ${status}: ${error?.message ?? answer ?? 'no reason'}.`,
  )
}

/** The item of C, once B's indexer has read it: it reads the topic by itself, nobody tells it to. */
async function untilIndexed(client: GroupClient, { host }: DemoGroup, options: StoryOptions): Promise<RecalledItem> {
  const { env } = host
  const { interrupted } = options
  const query = { query: options.fact.slice(0, 1_000), limit: 1 }
  const deadlineMs = env.monotonicMs() + INDEXED_WITHIN_MS
  for (;;) {
    const [item] = await recallFromIndexer(client, query, { indexerId: EXPERT_MEMORY, env, interrupted })
    if (item) return item
    if (interrupted.aborted) throw interruption()
    if (env.monotonicMs() > deadlineMs) {
      throw new AppError(
        'KC_DEMO_FAILED',
        `${EXPERT_MEMORY} has not indexed the item within ${INDEXED_WITHIN_MS / 1000} s.`,
      )
    }
    await sleep(env, LOOK_EVERY_MS, interrupted)
  }
}

function interruption(): AppError {
  return new AppError('KC_INTERRUPTED', 'The demo was interrupted.')
}
