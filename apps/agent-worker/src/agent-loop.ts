import { AppError } from '@kafclaw/envelope'
import type { Message, ToolCall } from '@kafclaw/llm'
import type { Run, RunOutcome, StepCall, StepResult, StepSpec } from '@kafclaw/runtime'
import type { Citation, ToolContext, ToolRegistry } from '@kafclaw/tools'
import type { AgentOptions } from './config.ts'
import { type Answer, type Conversation, startConversation } from './conversation.ts'
import type { Frames } from './frames.ts'
import { hashOf } from './input-hash.ts'
import type { Sessions } from './sessions.ts'
import { contentOf, isObject, outcomeOf, readAnswer, settlementOf, toCitation } from './step-output.ts'

export interface AgentParts extends AgentOptions {
  group: string
  registry: ToolRegistry
  frames: Frames
  sessions: Sessions
}

const MOST_TURNS = 50

/** The loop of an agent: the model is asked, the tools it asks for are called, until it answers. Every step goes to the journal. */
export async function runAgent(run: Run, parts: AgentParts): Promise<RunOutcome> {
  const session = sessionOf(run)
  const history = session === null ? [] : await historyOf(run, session, parts)
  const conversation = startConversation(run, { ...parts, history })
  const cited: Citation[] = []
  const { mostTurns = MOST_TURNS } = parts
  for (let turn = 0; turn < mostTurns; turn++) {
    run.checkpoint()
    const answer = await askModel(run, { parts, conversation })
    if (answer.toolCalls.length === 0) {
      if (session !== null) {
        await parts.sessions.append(session, {
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
      const result = await callTool(run, { parts, call, index })
      cited.push(...result.citations.map(toCitation))
      conversation.add({ role: 'tool', toolCallId: call.id, content: contentOf(result.output) })
    }
  }
  throw new AppError(
    'KC_RUN_FAILED',
    `The model asked for tools ${mostTurns} times and gave no answer; the run was ended.`,
  )
}

/**
 * The conversation as the run saw it first: a run that goes on after a crash, here or elsewhere, must see the same. The journal
 * names its turns only, so that it stays as short as they are many.
 */
async function historyOf(run: Run, session: string, { sessions }: AgentParts): Promise<Message[]> {
  const spec = { kind: 'recall', name: 'session', inputHash: hashOf(session), effect: 'none' } as const
  const { output } = await run.perform(spec, async () => ({
    status: 'completed',
    output: { turns: sessions.turns(session) },
  }))
  const turns: unknown[] = isObject(output) && Array.isArray(output.turns) ? output.turns : []
  const ids = turns.filter((turn) => typeof turn === 'string')
  return sessions.history(session, ids, run.signal)
}

async function askModel(
  run: Run,
  { parts, conversation }: { parts: AgentParts; conversation: Conversation },
): Promise<Answer> {
  const { model, registry } = parts
  const spec = { kind: 'model', name: 'model', inputHash: conversation.hash(), effect: 'none' } as const
  const { output, usage } = await run.perform(spec, async ({ signal }) => {
    const answer = await model.complete({
      messages: conversation.messages,
      tools: registry.definitions,
      signal,
      ...(parts.onText ? { onText: (delta: string) => parts.onText?.(run.taskId, delta) } : {}),
    })
    return {
      status: 'completed',
      name: answer.model,
      output: { content: answer.content, ...(answer.toolCalls.length > 0 ? { tool_calls: answer.toolCalls } : {}) },
      ...(answer.usage ? { usage: answer.usage } : {}),
    }
  })
  const answer = readAnswer(output, usage)
  conversation.answered(answer)
  return answer
}

function callTool(
  run: Run,
  { parts, call, index }: { parts: AgentParts; call: ToolCall; index: number },
): Promise<StepResult> {
  const { registry, frames } = parts
  const tool = registry.find(call.name)
  const ctxOf = ({ step, redo, attempt, idempotencyKey, signal }: Omit<StepCall, 'causationId'>): ToolContext => ({
    ...{ taskId: run.taskId, runId: run.runId, step, index, redo, attempt, idempotencyKey, signal },
  })
  const spec: StepSpec = {
    kind: tool?.kind ?? 'tool',
    name: call.name,
    inputHash: hashOf(`${call.name}\n${call.arguments}`),
    // What there is not does nothing.
    effect: tool?.effect ?? 'none',
    ...(tool ? { longestCallMs: tool.longestCallMs } : {}),
    input: { arguments: call.arguments },
    settle: async (made) => settlementOf(await registry.settle(call, ctxOf(made))),
  }
  return run.perform(spec, async (made) => {
    const frame = { run, causationId: made.causationId }
    return outcomeOf(await frames.enter(run.runId, frame, () => registry.call(call, ctxOf(made))))
  })
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
