import { traceBelow } from '@kafclaw/envelope'
import type { Host, MemberParts } from '@kafclaw/runtime'
import { createAskAgentTool, createRecallTool, createRememberTool, type Tool } from '@kafclaw/tools'
import type { AgentOptions } from './config.ts'
import { askAgent } from './delegation.ts'
import type { Frames } from './frames.ts'
import { createWireRecall } from './wire-recall.ts'

export interface AgentToolParts extends Pick<MemberParts, 'send' | 'agents'> {
  host: Host
  options: AgentOptions
  frames: Frames
}

/** The tools of an agent: remember, recall, ask another agent. */
export function createAgentTools({ host, options, frames, send, agents }: AgentToolParts): Tool[] {
  const { settings, env } = host
  return [
    createRememberTool({
      async remember(item, ctx) {
        const { run, causationId } = frames.of(ctx.runId)
        await run.untilMayAct()
        await send({
          type: 'memory',
          correlation_id: run.taskId,
          causation_id: causationId,
          trace: traceBelow(run.request),
          labels: run.request.labels,
          payload: {
            item_id: item.itemId,
            title: item.title,
            content: item.content,
            tags: [...item.tags],
            source: { task_id: run.taskId },
          },
        })
      },
    }),
    createRecallTool({
      env,
      // Asked over the log it is a question to another agent, under a derived id.
      effect: options.recall ? 'none' : 'idempotent',
      zones: [settings.zone],
      recallFor: (ctx) =>
        options.recall ??
        createWireRecall({ frame: frames.of(ctx.runId), ctx, agentId: options.agentId, agents: agents() }),
    }),
    createAskAgentTool({
      ask: (question, ctx) => askAgent(question, { frame: frames.of(ctx.runId), agents: agents() }),
    }),
    ...(options.tools ?? []),
  ]
}
