import type { Env } from '@kafclaw/env'
import { AppError, formatTimestamp } from '@kafclaw/envelope'
import type { ModelAnswer, ToolCall } from '@kafclaw/llm'
import type { Run, RunOutcome } from '@kafclaw/runtime'
import type { Citation, ToolRegistry, ToolResult } from '@kafclaw/tools'
import type { AgentOptions } from './config.ts'
import { type Conversation, startConversation } from './conversation.ts'
import type { Frames } from './frames.ts'
import { hashOf } from './input-hash.ts'
import type { Sessions } from './sessions.ts'

export interface AgentParts extends AgentOptions {
  env: Env
  group: string
  registry: ToolRegistry
  frames: Frames
  sessions: Sessions
}

/** A run that has not come to an answer after so many model calls is going in circles. */
const MOST_TURNS = 50

/** The loop of an agent: the model is asked, the tools it asks for are called, until it answers. Every step goes to the journal. */
export async function runAgent(run: Run, parts: AgentParts): Promise<RunOutcome> {
  const session = sessionOf(run)
  const conversation = startConversation(run, {
    ...parts,
    history: session === null ? [] : parts.sessions.history(session),
  })
  const cited: Citation[] = []
  let step = 0
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    run.checkpoint()
    const answer = await askModel(run, { parts, conversation, step: step++ })
    if (answer.toolCalls.length === 0) {
      if (session !== null) {
        parts.sessions.append(session, {
          taskId: run.taskId,
          question: run.request.payload.content,
          answer: answer.content,
        })
      }
      const citations = citationsOf(answer.content, cited)
      return {
        status: 'completed',
        content: answer.content,
        ...(citations.length > 0 ? { citations } : {}),
        usage: conversation.usage(),
      }
    }
    for (const [index, call] of answer.toolCalls.entries()) {
      run.checkpoint()
      const result = await callTool(run, { parts, call, step: step++, index })
      cited.push(...(result.citations ?? []))
      conversation.add({ role: 'tool', toolCallId: call.id, content: result.content })
    }
  }
  throw new AppError(
    'KC_RUN_FAILED',
    `The model asked for tools ${MOST_TURNS} times and gave no answer; the run was ended.`,
  )
}

async function askModel(
  run: Run,
  { parts, conversation, step }: { parts: AgentParts; conversation: Conversation; step: number },
): Promise<ModelAnswer> {
  const { model, env, registry } = parts
  const startedMs = env.now()
  const inputHash = conversation.hash()
  const answer = await model.complete({
    messages: conversation.messages,
    tools: registry.definitions,
    signal: run.signal,
    ...(parts.onText ? { onText: (delta: string) => parts.onText?.(run.taskId, delta) } : {}),
  })
  conversation.answered(answer)
  run.step({
    phase: 'result',
    step,
    kind: 'model',
    name: answer.model,
    input_hash: inputHash,
    output: { content: answer.content, ...(answer.toolCalls.length > 0 ? { tool_calls: answer.toolCalls } : {}) },
    ...(answer.usage ? { usage: answer.usage } : {}),
    status: 'completed',
    started_at: formatTimestamp(startedMs),
    ended_at: formatTimestamp(env.now()),
  })
  return answer
}

async function callTool(
  run: Run,
  { parts, call, step, index }: { parts: AgentParts; call: ToolCall; step: number; index: number },
): Promise<ToolResult> {
  const { env, registry, frames } = parts
  const tool = registry.find(call.name)
  const about = {
    step,
    kind: tool?.kind ?? ('tool' as const),
    name: call.name,
    input_hash: hashOf(call.arguments),
    idempotency_key: `${run.taskId}/${step}/${run.attempt - 1}`,
    started_at: formatTimestamp(env.now()),
  }
  let intent: Promise<string> | null = null
  const intend = (): Promise<string> => {
    intent ??= storeIntent()
    return intent
  }
  async function storeIntent(): Promise<string> {
    const { id, stored } = run.step({ ...about, phase: 'intent', output: { arguments: call.arguments } })
    await stored
    return id
  }
  const ctx = { taskId: run.taskId, runId: run.runId, step, index, signal: run.signal }
  const result = await frames.enter(run.runId, { run, intend }, () => registry.call(call, ctx))
  const causationId = intent === null ? undefined : await intend()
  run.step(
    {
      ...about,
      phase: 'result',
      output: result.output ?? result.content,
      status: result.status,
      citations: [...(result.citations ?? [])],
      ended_at: formatTimestamp(env.now()),
    },
    causationId,
  )
  return result
}

/** What the answer names of what was recalled; where it names nothing, all of it, because the model has seen all of it. */
function citationsOf(content: string, cited: readonly Citation[]): Citation[] {
  const unique = [...new Map(cited.map((citation) => [citation.item_id, citation])).values()]
  const named = unique.filter(({ item_id }) => content.includes(item_id))
  return named.length > 0 ? named : unique
}

function sessionOf(run: Run): string | null {
  const { input } = run.request.payload
  if (typeof input !== 'object' || input === null || !('session' in input)) return null
  return typeof input.session === 'string' && input.session !== '' ? input.session : null
}
