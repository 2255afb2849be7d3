import type { Db } from '@kafclaw/storage'
import type { Outbox, OutboxEntry } from './outbox.ts'
import type { StoredTask, TaskStore } from './task-store.ts'
import type { Timeline } from './timeline.ts'

/** What every transaction of a member does besides its own work. */
export interface TransactorHooks {
  /** Inside the transaction, after the work: claims that are due go with it. */
  beforeCommit(): void
  /** After the commit. */
  committed(changed: readonly StoredTask[], entries: readonly OutboxEntry[]): void
  rolledBack(): void
}

/** Runs the transactions of a member. */
export interface Transactor {
  /**
   * Runs `work` in one transaction with all that belongs to each; an error undoes everything, in memory too. The disk is not
   * waited for: whoever tells anybody of what was stored does so.
   */
  transact<T>(work: () => T): T
  /** Names, once, what takes part in every transaction: the parts need the transactor themselves. */
  use(hooks: TransactorHooks): void
}

/**
 * Wraps the work of one transaction: deletes what was acknowledged, lets due claims in, writes changed tasks; memory changes
 * only when the commit has held, so memory and file never disagree.
 */
export function createTransactor({
  db,
  outbox,
  tasks,
  timeline,
}: {
  db: Db
  outbox: Outbox
  tasks: TaskStore
  timeline: Timeline
}): Transactor {
  let hooks: TransactorHooks | null = null

  function orRollBack<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      outbox.rolledBack()
      timeline.drop()
      tasks.drop()
      hooks?.rolledBack()
      throw error
    }
  }

  return {
    use(given) {
      hooks = given
    },
    transact(work) {
      const value = orRollBack(() =>
        db.transaction(
          () => {
            outbox.deleteAcknowledged()
            const result = work()
            hooks?.beforeCommit()
            tasks.flush()
            outbox.flush()
            timeline.flush()
            return result
          },
          { sync: 'later' },
        ),
      )
      outbox.forgetDeleted()
      timeline.keep()
      hooks?.committed(tasks.keep(), outbox.takeAdded())
      return value
    },
  }
}
