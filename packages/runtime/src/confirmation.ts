import { AppError } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'

/**
 * What stands between a run and the world until its claim has been read back as the one that holds. The model may be asked
 * before (it costs, it harms nothing); what the run wants to write is kept, and goes with the very transaction that reads the claim.
 */
export interface Confirmation {
  /** Resolves when the claim has been read back; rejects with KC_RUN_STOPPED when another one holds. */
  readonly confirmed: Promise<void>
  isConfirmed(): boolean
  commit<T>(work: () => T): Promise<T>
  /** Inside the transaction that reads the claim: does the work that has been kept. */
  within(): void
  /** That transaction was committed, or it was not. */
  settle(committed: boolean): void
  drop(why: string): void
}

interface Kept {
  work(): void
  done(): void
  failed(error: unknown): void
}

export function createConfirmation(parts: { db: Db; submit<T>(work: () => T): Promise<T> }): Confirmation {
  const confirmed = Promise.withResolvers<void>()
  // Nobody may wait for it.
  confirmed.promise.catch(() => undefined)
  let state: 'open' | 'confirmed' | 'dropped' = 'open'
  let kept: Kept[] = []
  let outcomes: Array<() => void> = []
  return {
    confirmed: confirmed.promise,
    isConfirmed: () => state === 'confirmed',
    commit<T>(work: () => T): Promise<T> {
      if (state === 'confirmed') return parts.submit(work)
      if (state === 'dropped') return Promise.reject(stopped('it has no claim'))
      return new Promise<T>((resolve, reject) => {
        let finish = (): void => {}
        kept.push({
          work() {
            const value = work()
            finish = () => resolve(value)
          },
          done: () => finish(),
          failed: reject,
        })
      })
    },
    within() {
      outcomes = kept.map((piece) => {
        try {
          // A savepoint: one piece that cannot be stored must not undo the reading of others' records.
          parts.db.transaction(() => piece.work())
          return piece.done
        } catch (error) {
          return () => piece.failed(error)
        }
      })
    },
    settle(committed) {
      if (!committed) {
        outcomes = []
        return
      }
      state = 'confirmed'
      kept = []
      for (const finish of outcomes) finish()
      outcomes = []
      confirmed.resolve()
    },
    drop(why) {
      if (state !== 'open') return
      state = 'dropped'
      const pieces = kept
      kept = []
      for (const piece of pieces) piece.failed(stopped(why))
      confirmed.reject(stopped(why))
    },
  }
}

function stopped(why: string): AppError {
  return new AppError('KC_RUN_STOPPED', `The run stops: ${why}.`)
}
