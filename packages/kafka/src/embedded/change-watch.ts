import { watch } from 'node:fs'
import type { Env, Timer } from '@kafclaw/env'
import type { Db } from '@kafclaw/storage'

/** Tells readers that something was appended, by this connection at once or by another process a moment later. */
export interface ChangeWatch {
  subscribe(onChange: () => void): () => void
  /** This connection has committed. */
  changed(): void
  close(): void
}

interface Watching {
  close(): void
}

type WatchPath = (path: string, onEvent: () => void) => Watching | null

/** The watch is a hint, the poll is the promise: file events may be missing on some file systems. */
const POLL_MS = 250
/** A commit becomes visible only after the last write to the file that the watch reports; sync included. */
const RECHECK_MS = [1, 2, 4, 8, 16, 32] as const

/** `watchPath` calls back when a file may have changed; null where it cannot watch (yet). */
export function createChangeWatch(db: Db, env: Env, watchPath: WatchPath = watchFile): ChangeWatch {
  const subscribers = new Set<() => void>()
  let version = dataVersion(db)
  let watcher: Watching | null = null
  let poll: Timer | null = null
  let recheck: Timer | null = null
  let rechecks = 0

  function tell(): void {
    for (const subscriber of subscribers) subscriber()
  }

  /** Answers whether another connection has committed since the last look. */
  function look(): boolean {
    const now = dataVersion(db)
    if (now === version) return false
    version = now
    tell()
    return true
  }

  function noticed(): void {
    rechecks = 0
    recheck?.cancel()
    check()
  }

  function check(): void {
    recheck = null
    const delayMs = RECHECK_MS[rechecks++]
    if (subscribers.size === 0 || look() || delayMs === undefined) return
    recheck = env.setTimer(delayMs, check)
  }

  function start(): void {
    poll = env.setTimer(POLL_MS, () => {
      look()
      start()
    })
    watcher ??= watchPath(`${db.path}-wal`, noticed)
  }

  function stop(): void {
    poll?.cancel()
    recheck?.cancel()
    watcher?.close()
    poll = recheck = watcher = null
  }

  return {
    subscribe(onChange) {
      subscribers.add(onChange)
      if (poll === null && db.path !== ':memory:') start()
      return () => {
        subscribers.delete(onChange)
        if (subscribers.size === 0) stop()
      }
    },
    changed: tell,
    close() {
      subscribers.clear()
      stop()
    },
  }
}

function dataVersion(db: Db): number {
  return Number(db.pragma('data_version'))
}

function watchFile(path: string, onEvent: () => void): Watching | null {
  try {
    const watcher = watch(path, { persistent: false }, onEvent)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return null
  }
}
