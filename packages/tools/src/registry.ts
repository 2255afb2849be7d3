import { AppError, type ErrorCode } from '@kafclaw/envelope'
import type { ToolCall, ToolDefinition } from '@kafclaw/llm'
import { failedResult, type Tool, type ToolContext, type ToolResult, type ToolSettlement } from './tool.ts'

export interface ToolRegistry {
  /** What a model is told, in the order of the tools. */
  readonly definitions: readonly ToolDefinition[]
  find(name: string): Tool | undefined
  /**
   * Carries out a call of the model. What went wrong (unknown tool, malformed or wrong arguments, an error of the work
   * itself) comes back as a failed result that tells the model; only an abort rejects, with the reason of the signal, and the
   * end of the run, with KC_RUN_STOPPED.
   */
  call(toolCall: ToolCall, ctx: ToolContext): Promise<ToolResult>
  /** What became of an earlier call: `unknown` where its tool cannot tell, or could not be asked now. */
  settle(toolCall: ToolCall, ctx: ToolContext): Promise<ToolSettlement>
}

/** Collects the tools of an agent. Throws KC_CONFIG_INVALID when two have one name. */
export function createToolRegistry(tools: readonly Tool[]): ToolRegistry {
  const byName = new Map(tools.map((tool) => [tool.definition.name, tool]))
  if (byName.size < tools.length) {
    const names = tools.map((tool) => tool.definition.name)
    const twice = names.find((name, index) => names.indexOf(name) < index) ?? ''
    throw new AppError('KC_CONFIG_INVALID', `Two tools are called ${twice}; give one of them another name.`)
  }
  return {
    definitions: tools.map((tool) => tool.definition),
    find: (name) => byName.get(name),
    async call(toolCall, ctx) {
      ctx.signal.throwIfAborted()
      const tool = byName.get(toolCall.name)
      if (!tool) {
        return failedResult(
          `There is no tool ${JSON.stringify(toolCall.name)}; there are: ${[...byName.keys()].join(', ') || 'none'}.`,
        )
      }
      const args = parseArguments(toolCall.arguments)
      if ('error' in args) return failedResult(`The arguments of ${toolCall.name} are not valid JSON: ${args.error}.`)
      return runTool(tool, args.value, ctx)
    },
    async settle(toolCall, ctx) {
      ctx.signal.throwIfAborted()
      const tool = byName.get(toolCall.name)
      const args = parseArguments(toolCall.arguments)
      // Such a call never reached a tool.
      if ('error' in args) return { kind: 'never' }
      return (await tool?.settle?.(args.value, ctx)) ?? { kind: 'unknown' }
    },
  }
}

const STOPPED: ReadonlySet<ErrorCode> = new Set(['KC_RUN_STOPPED', 'KC_RUNTIME_STOPPED'])

async function runTool(tool: Tool, args: unknown, ctx: ToolContext): Promise<ToolResult> {
  try {
    return await tool.call(args, ctx)
  } catch (caught) {
    ctx.signal.throwIfAborted()
    const error = AppError.fromUnknown(caught, 'KC_TOOL_FAILED')
    // The run ends in the middle of the call, because its service shuts down: whoever goes on makes the call again.
    if (STOPPED.has(error.code)) throw error
    const output = { error: { code: error.code, message: error.message } }
    if (tool.effect === 'once') return { status: 'in_doubt', content: JSON.stringify(output), output }
    return failedResult(`${tool.definition.name} failed with ${error.code}: ${error.message}`, output)
  }
}

function parseArguments(text: string): { value: unknown } | { error: string } {
  // Some models send nothing at all for a call without arguments.
  if (text.trim() === '') return { value: {} }
  try {
    return { value: JSON.parse(text) }
  } catch (err) {
    return { error: err instanceof Error ? err.message : String(err) }
  }
}
