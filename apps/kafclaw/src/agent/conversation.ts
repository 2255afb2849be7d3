import { createInterface } from 'node:readline/promises'
import { EXIT } from '@kafclaw/runtime'
import type { Invocation } from '../invocation.ts'
import { printable } from '../output/printable.ts'
import type { AgentLine } from './agent-line.ts'
import { endStream } from './end-stream.ts'

const PROMPT = '> '

/** A conversation on a terminal: prompts on stderr, answers on stdout. Ctrl-D ends it; Ctrl-C ends an answer, and at the prompt the conversation. */
export async function converse(
  { io, output }: Invocation,
  { line, session }: { line: AgentLine; session: string },
): Promise<number> {
  const terminal = createInterface({ input: io.stdin, output: io.stderr, terminal: true })
  const ended = Promise.withResolvers<null>()
  let current: AbortController | null = null
  let code: number = EXIT.done
  terminal.on('close', () => ended.resolve(null))
  terminal.on('SIGINT', () => {
    if (current) return current.abort()
    code = EXIT.interrupted
    terminal.close()
  })
  output.note(`talking to ${line.agentId}; Ctrl-D ends it`)
  try {
    for (;;) {
      const content = await Promise.race([terminal.question(PROMPT), ended.promise])
      if (content === null) return code
      if (content.trim() === '') continue
      current = new AbortController()
      await answer(content.trim(), current.signal)
      current = null
    }
  } finally {
    terminal.close()
  }

  async function answer(content: string, interrupted: AbortSignal): Promise<void> {
    let streamed = ''
    const end = await line.ask({
      content,
      session,
      interrupted,
      onText(delta) {
        streamed += delta
        output.stream(delta)
      },
    })
    if (end === 'interrupted') return output.stream('\n')
    if (endStream(streamed, end, output.stream)) return
    const { status, content: text, error } = end.payload
    if (status === 'completed') output.stream(`${printable(text ?? '')}\n`)
    else output.note(`the task ended as ${status}: ${error?.message ?? text ?? 'no reason was given'}`)
  }
}
