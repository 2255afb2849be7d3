import { AppError, type Citation as WireCitation } from '@kafclaw/envelope'
import type { ToolCall } from '@kafclaw/llm'
import type { Settlement, StepOutcome, StepOutput, StepResult } from '@kafclaw/runtime'
import type { Citation, ToolResult, ToolSettlement } from '@kafclaw/tools'
import type { Answer } from './conversation.ts'

/** What a tool gave, as the journal keeps it. */
export function outcomeOf(result: ToolResult): StepOutcome {
  return result.status === 'in_doubt' ? { status: 'in_doubt', why: reasonOf(result) } : outputOf(result, result.status)
}

/** In words, where the tool has failed with an error. */
function reasonOf({ output, content }: ToolResult): string {
  const error = isObject(output) ? output.error : null
  return isObject(error) && typeof error.message === 'string' ? error.message : content
}

export function settlementOf(settled: ToolSettlement): Settlement {
  if (settled.kind !== 'happened') return settled
  const { status } = settled.result
  return { kind: 'happened', result: outputOf(settled.result, status === 'failed' ? 'failed' : 'completed') }
}

function outputOf({ output, content, citations }: ToolResult, status: StepOutput['status']): StepOutput {
  return { status, output: output ?? content, ...(citations ? { citations } : {}) }
}

/** What the model reads of a step: the same from a call and from the journal. */
export function contentOf(output: unknown): string {
  return typeof output === 'string' ? output : JSON.stringify(output)
}

export function toCitation({ item_id, topic, partition, offset, author, title }: WireCitation): Citation {
  return { item_id, topic, partition, offset, author: author ?? '', title: title ?? '' }
}

/** The answer of a model from the output of its step. Throws KC_RUN_NON_DETERMINISM when it is none: another program wrote it. */
export function readAnswer(output: unknown, usage: StepResult['usage']): Answer {
  if (!isObject(output) || typeof output.content !== 'string') {
    throw new AppError('KC_RUN_NON_DETERMINISM', 'The journal holds a model step whose output is no answer of a model.')
  }
  const calls: unknown[] = Array.isArray(output.tool_calls) ? output.tool_calls : []
  return { content: output.content, toolCalls: calls.filter(isToolCall), usage }
}

function isToolCall(value: unknown): value is ToolCall {
  return (
    isObject(value) &&
    typeof value.id === 'string' &&
    typeof value.name === 'string' &&
    typeof value.arguments === 'string'
  )
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
