import type { Env } from '@kafclaw/env'
import type { GroupCommit } from './group-commit.ts'
import type { Outbox } from './outbox.ts'

const SWEEP_AFTER_MS = 100

/** Acknowledged rows go with the next transaction; when none comes soon, with one of their own. Returns what to call when some were acknowledged. */
export function createOutboxSweep({
  env,
  outbox,
  commit,
}: {
  env: Env
  outbox: Outbox
  commit: GroupCommit
}): () => void {
  let isArmed = false
  return () => {
    if (isArmed) return
    isArmed = true
    env.setTimer(SWEEP_AFTER_MS, () => {
      isArmed = false
      if (outbox.hasAcknowledged()) commit.submit(() => undefined).catch(() => undefined)
    })
  }
}
