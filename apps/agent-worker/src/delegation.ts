import type { MemberParts } from '@kafclaw/runtime'
import type { AgentAnswer, AgentQuestion } from '@kafclaw/tools'
import type { CallFrame } from './frames.ts'

/** How deep tasks may be delegated; deeper ones are refused before they are asked. */
const MOST_DEPTH = 5

/** Asks another agent under a task id derived from this step, and waits for its outcome. What cannot be asked is rejected with the reason. */
export async function askAgent(
  question: AgentQuestion,
  { frame, agents }: { frame: CallFrame; agents: ReturnType<MemberParts['agents']> },
): Promise<AgentAnswer> {
  const { run } = frame
  if (run.request.payload.depth >= MOST_DEPTH) {
    const content = `This task is delegated ${MOST_DEPTH} times already, which is the most; answer it without asking another agent.`
    return { status: 'rejected', content }
  }
  // One that is known but silent is asked all the same: its next boot finds the task.
  if (!agents.some(({ agentId }) => agentId === question.agent)) {
    const live = agents.filter(({ isLive }) => isLive).map(({ agentId }) => agentId)
    const content = `There is no agent "${question.agent}" in this zone. Agents that are here: ${live.join(', ')}.`
    return { status: 'rejected', content }
  }
  run.progress(`asking ${question.agent}`)
  const answer = await run.ask({
    taskId: question.childTaskId,
    recipientId: question.agent,
    payload: { content: question.question },
    causationId: frame.causationId,
  })
  const { status, content, error, citations } = answer.payload
  return {
    status,
    content: content ?? error?.message ?? '',
    citations: citations.map((citation) => ({
      ...citation,
      author: citation.author ?? '',
      title: citation.title ?? '',
    })),
  }
}
