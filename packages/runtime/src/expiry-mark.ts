import type { Db } from '@kafclaw/storage'
import type { TaskState } from '@kafclaw/tasks'

/** The latest `expires_at` of all requests ever read; it outlives their rows. */
export interface ExpiryMark {
  /** Epoch milliseconds as of the last commit, 0 for none. */
  latestMs(): number
  /** Inside the transaction that stores the tasks. */
  store(tasks: Iterable<TaskState>): void
  /** After its commit. */
  keep(): void
  /** Inside a transaction. */
  clear(): void
}

export function createExpiryMark(db: Db): ExpiryMark {
  const upsert = db.prepare<[string]>(
    `insert into meta (name, value) values ('latest_expiry_ms', ?) on conflict do update set value = excluded.value`,
  )
  const select = db.prepare<[], { value: string }>(`select value from meta where name = 'latest_expiry_ms'`)
  let latestMs = Number(select.get()?.value ?? 0)
  /** As of the transaction under way; what was undone is read again. */
  let storedMs = latestMs
  return {
    latestMs: () => latestMs,
    store(tasks) {
      storedMs = Math.max(latestMs, latestOf(tasks))
      if (storedMs > latestMs) upsert.run(String(storedMs))
    },
    keep() {
      latestMs = storedMs
    },
    clear() {
      latestMs = 0
      storedMs = 0
      db.exec(`delete from meta where name = 'latest_expiry_ms'`)
    },
  }
}

function latestOf(tasks: Iterable<TaskState>): number {
  let latestMs = 0
  for (const { requests } of tasks) {
    for (const { expiresAtMs } of requests) latestMs = Math.max(latestMs, expiresAtMs)
  }
  return latestMs
}
