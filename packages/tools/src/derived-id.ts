import { deriveId, deriveTaskId, sha256 } from '@kafclaw/envelope'
import type { ToolContext } from './tool.ts'

type CallPlace = Pick<ToolContext, 'taskId' | 'step' | 'index'>

/** The id of the memory item that this call makes: the same for each repetition of the call. */
export function deriveItemId(call: CallPlace): string {
  return `item_${deriveId([call.taskId, `${call.step}`, `${call.index}`])}`
}

/** The id of the task that this call asks; other content makes another task. */
export function deriveChildTaskId(call: CallPlace, content: string): string {
  return deriveTaskId([call.taskId, `${call.step}`, `${call.index}`, sha256(content)])
}
