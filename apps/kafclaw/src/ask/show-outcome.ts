import type { ResponseEnvelope } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import type { Output } from '../output/output.ts'
import { printable } from '../output/printable.ts'

/** Prints an outcome: its content as data, what went wrong as a note. Returns the exit code. */
export function showOutcome(output: Output, { id, sender_id, correlation_id, payload }: ResponseEnvelope): number {
  const { status, content, error } = payload
  const value = {
    task_id: correlation_id,
    status,
    content,
    output: payload.output,
    error,
    citations: payload.citations,
    usage: payload.usage,
    agent_id: payload.agent_id ?? sender_id,
    run_id: payload.run_id,
    response_id: id,
  }
  const isGood = status === 'completed'
  if (isGood || output.format === 'json') output.data(value, () => textOf(output, payload))
  if (!isGood) output.note(`the task ended as ${status}: ${error?.message ?? content ?? 'no reason was given'}`)
  return isGood ? EXIT.done : EXIT.notGood
}

function textOf(output: Output, { content, output: structured }: ResponseEnvelope['payload']): string {
  const text = content ?? JSON.stringify(structured ?? null, null, 2)
  return output.isTerminal ? printable(text) : text
}
