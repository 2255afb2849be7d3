import { AppError, deriveTaskId } from '@kafclaw/envelope'
import { RECALL_SKILL, type Recall, readRecalledItems } from '@kafclaw/memory'
import type { MemberParts } from '@kafclaw/runtime'
import type { ToolContext } from '@kafclaw/tools'
import type { CallFrame } from './frames.ts'

/**
 * Recall over the log: a child task for the indexer of this agent, `<agent_id>-memory`. Error: KC_MEMORY_FAILED with what
 * the indexer said, or at once where none is live: a run must not wait for an indexer that nobody has started.
 */
export function createWireRecall({
  frame,
  ctx,
  agentId,
  agents,
}: {
  frame: CallFrame
  ctx: ToolContext
  agentId: string
  agents: ReturnType<MemberParts['agents']>
}): Recall {
  return {
    async search(query) {
      const indexer = `${agentId}-memory`
      if (!agents.some((other) => other.agentId === indexer && other.isLive)) {
        throw new AppError(
          'KC_MEMORY_FAILED',
          `The memory indexer of ${agentId} does not run, so nothing can be recalled. Start it with: KAFCLAW_AGENT_ID=${agentId} kafclaw start memory-indexer`,
        )
      }
      const answer = await frame.run.ask({
        taskId: deriveTaskId([ctx.taskId, String(ctx.step), String(ctx.index), RECALL_SKILL]),
        recipientId: indexer,
        payload: {
          skill: RECALL_SKILL,
          content: query.query,
          input: {
            query: query.query,
            ...(query.limit ? { limit: query.limit } : {}),
            ...(query.tags ? { tags: query.tags } : {}),
          },
        },
        causationId: frame.causationId,
      })
      const { status, error, output } = answer.payload
      if (status !== 'completed') {
        throw new AppError('KC_MEMORY_FAILED', `${indexer} could not recall: ${error?.message ?? status}.`)
      }
      return readRecalledItems(output)
    },
  }
}
