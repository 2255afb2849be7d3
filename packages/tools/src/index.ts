/** For the parameters of a tool. */
export { Type } from 'typebox'
export {
  type AgentAnswer,
  type AgentQuestion,
  type AskAgentDeps,
  createAskAgentTool,
} from './ask-agent-tool.ts'
export { createTool, type ToolSpec } from './create-tool.ts'
export { deriveChildTaskId, deriveItemId } from './derived-id.ts'
export { createRecallTool, type RecallDeps } from './recall-tool.ts'
export { createToolRegistry, type ToolRegistry } from './registry.ts'
export { createRememberTool, type RememberDeps, type RememberedItem } from './remember-tool.ts'
export { type SpawnGroupOptions, type SpawnResult, spawnGroup } from './spawn-group.ts'
export {
  type Citation,
  completedResult,
  failedResult,
  type Tool,
  type ToolContext,
  type ToolEffect,
  type ToolKind,
  type ToolResult,
  type ToolSettlement,
} from './tool.ts'
