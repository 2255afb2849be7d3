import type { Db } from '@kafclaw/storage'
import type { Outbox, OutboxRow } from './outbox.ts'
import type { StoredTask, TaskStore } from './task-store.ts'

/** What every transaction of a member does besides its own work. */
export interface TransactorHooks {
  /** Inside the transaction, after the work: claims that are due go with it. */
  beforeCommit(): void
  /** After the commit. */
  committed(changed: readonly StoredTask[], rows: readonly OutboxRow[]): void
  rolledBack(): void
}

/**
 * Wraps the work of one transaction: deletes what was acknowledged, lets due claims in, writes changed tasks; memory changes
 * only when the commit has held, so memory and file never disagree.
 */
export function createTransactor(parts: { db: Db; outbox: Outbox; tasks: TaskStore; hooks: TransactorHooks }) {
  const { db, outbox, tasks, hooks } = parts
  return function transact<T>(work: () => T): T {
    let value: T
    try {
      value = db.transaction(() => {
        outbox.deleteAcknowledged()
        const result = work()
        hooks.beforeCommit()
        tasks.flush()
        return result
      })
    } catch (error) {
      outbox.forgetAdded()
      tasks.drop()
      hooks.rolledBack()
      throw error
    }
    outbox.forgetDeleted()
    hooks.committed(tasks.keep(), outbox.takeAdded())
    return value
  }
}
