import { Type } from 'typebox'
import { createTool } from './create-tool.ts'
import { deriveChildTaskId } from './derived-id.ts'
import { type Citation, completedResult, type Tool, type ToolContext } from './tool.ts'

export interface AgentQuestion {
  readonly agent: string
  readonly question: string
  readonly childTaskId: string
}

/** The outcome of the child task; a refusal before it was sent (depth, unknown agent) is `rejected` with the reason. */
export interface AgentAnswer {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'expired' | 'rejected'
  readonly content: string
  readonly citations?: readonly Citation[]
}

export interface AskAgentDeps {
  /** Asks the child task if it was not asked yet, and waits for its outcome. */
  ask(question: AgentQuestion, ctx: ToolContext): Promise<AgentAnswer>
}

const DAY_MS = 24 * 60 * 60 * 1000

const Parameters = Type.Object(
  {
    agent: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,62}$', description: 'The id of the agent to ask.' }),
    question: Type.String({
      minLength: 1,
      maxLength: 40_000,
      pattern: '\\S',
      description: 'The question or task, with all that the other agent must know: it does not see this conversation.',
    }),
  },
  { additionalProperties: false },
)

/** `ask_agent`: gives a task to another agent and waits for its answer; the result is `{status, content, citations}`. */
export function createAskAgentTool(deps: AskAgentDeps): Tool {
  return createTool({
    name: 'ask_agent',
    description: 'Asks another agent and waits for its answer, which may cite memory items; keep those citations.',
    parameters: Parameters,
    kind: 'delegation',
    effect: 'idempotent',
    // A child's deadline is not later than its parent's, and that is a day when nobody says otherwise.
    longestCallMs: DAY_MS,
    async run(args, ctx) {
      const childTaskId = deriveChildTaskId(ctx, `${args.agent}\n${args.question}`)
      const answer = await deps.ask({ ...args, childTaskId }, ctx)
      const citations = answer.citations ?? []
      const output = { status: answer.status, content: answer.content, citations, task_id: childTaskId }
      const result = completedResult(output, citations)
      return answer.status === 'completed' ? result : { ...result, status: 'failed' }
    },
  })
}
