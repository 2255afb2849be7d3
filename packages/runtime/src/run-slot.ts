import type { Slots } from './slots.ts'

/** The place of one run among the slots of its member. */
export interface RunSlot {
  /** While a run waits for somebody else it needs no slot: others work in it, a child of the run perhaps among them. */
  without<T>(wait: () => Promise<T>): Promise<T>
  /** The run is over. */
  end(): void
}

/** The slot has been taken for the run. An abort of `signal` ends its waiting for a free one. */
export function createRunSlot(slots: Slots, signal: AbortSignal): RunSlot {
  let isHeld = true
  let isOver = false
  let waits = 0

  function giveBack(): void {
    if (isHeld) slots.release()
    isHeld = false
  }

  async function takeBack(): Promise<void> {
    await slots.retake(signal)
    // Other waits of the run may have begun or ended meanwhile: it holds one slot at most, and none while it waits.
    if (isHeld || waits > 0 || isOver) slots.release()
    else isHeld = true
  }

  return {
    async without(wait) {
      giveBack()
      waits++
      try {
        return await wait()
      } finally {
        waits--
        if (waits === 0 && !isOver) await takeBack()
      }
    },
    end() {
      isOver = true
      giveBack()
    },
  }
}
