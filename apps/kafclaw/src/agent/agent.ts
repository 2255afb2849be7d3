import { AppError } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import { showOutcome } from '../ask/show-outcome.ts'
import { openGroup } from '../group/open-group.ts'
import { watchForInterruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import { readPrompt } from '../read-prompt.ts'
import { type AgentLine, openAgentLine } from './agent-line.ts'
import { converse } from './conversation.ts'
import { endStream } from './end-stream.ts'

/** Talks to the agent of this machine: one message, a conversation on a terminal, or a prompt from stdin. */
export async function agent(
  invocation: Invocation,
  { message, session }: { message?: string; session?: string },
): Promise<number> {
  const isConversation = message === undefined && invocation.io.stdin.isTTY === true
  if (isConversation && invocation.output.format === 'json') {
    throw new AppError('KC_USAGE', 'A conversation is no JSON: give -m, or a prompt on stdin, with -o json.')
  }
  const content = isConversation ? null : await readPrompt(invocation.io, message ?? '', 'message')
  using interruption = watchForInterruption()
  await using host = openGroup(invocation)
  await using line = await openAgentLine(invocation, host)
  if (content === null) {
    // Without a name it is a conversation all the same, only not one to go on with.
    return await converse(invocation, { line, session: session ?? `conversation-${invocation.env.newId()}` })
  }
  return await answerOnce(invocation, { line, content, session, interrupted: interruption.signal })
}

async function answerOnce(
  { output }: Invocation,
  question: { line: AgentLine; content: string; session: string | undefined; interrupted: AbortSignal },
): Promise<number> {
  const { line, content, session, interrupted } = question
  const isStreaming = output.format === 'table'
  let streamed = ''
  const onText = (delta: string): void => {
    streamed += delta
    output.stream(delta)
  }
  const end = await line.ask({
    content,
    interrupted,
    ...(session === undefined ? {} : { session }),
    ...(isStreaming ? { onText } : {}),
  })
  if (end === 'interrupted') return EXIT.interrupted
  if (!isStreaming || !endStream(streamed, end, output.stream)) return showOutcome(output, end)
  return EXIT.done
}
