import { AppError } from '@kafclaw/envelope'
import type { Run } from '@kafclaw/runtime'

/** The tool call that a run is making: what tools need to act in its name. */
export interface CallFrame {
  run: Run
  /** Id of the record that causes whatever the call sends. */
  causationId: string
}

/** Finds the frame of a call by its run; tools are made once and know a call only by its ids. */
export interface Frames {
  enter<T>(runId: string, frame: CallFrame, work: () => Promise<T>): Promise<T>
  of(runId: string): CallFrame
}

export function createFrames(): Frames {
  const frames = new Map<string, CallFrame>()
  return {
    async enter(runId, frame, work) {
      frames.set(runId, frame)
      try {
        return await work()
      } finally {
        // A call that was left alone may end when the run has long been in its next one.
        if (frames.get(runId) === frame) frames.delete(runId)
      }
    },
    of(runId) {
      const frame = frames.get(runId)
      if (!frame) throw new AppError('KC_BUG', `A tool was called outside of a step of run ${runId}.`)
      return frame
    },
  }
}
