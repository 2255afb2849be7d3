import { AppError } from '@kafclaw/envelope'

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

export function createConfirmation(parts: { submit<T>(work: () => T): Promise<T> }): Confirmation {
  const confirmed = Promise.withResolvers<void>()
  // Nobody may wait for it.
  confirmed.promise.catch(() => undefined)
  let state: 'open' | 'confirmed' | 'dropped' = 'open'
  let kept: Kept[] = []
  /** What was kept stands in the transaction under way. */
  let isWritten = false
  /** What was kept is to be stored by itself. */
  let isApart = false
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
      if (isApart) return
      try {
        for (const piece of kept) piece.work()
        isWritten = true
      } catch (cause) {
        // It would undo the reading of others' records: the transaction is done again without it.
        isApart = true
        throw new AppError(
          'KC_RUNTIME_BUG',
          'What a run has written could not be stored with the reading of its claim.',
          { cause },
        )
      }
    },
    settle(committed) {
      if (!committed) {
        isWritten = false
        return
      }
      state = 'confirmed'
      const pieces = kept
      kept = []
      if (isWritten) for (const piece of pieces) piece.done()
      else for (const piece of pieces) parts.submit(piece.work).then(piece.done, piece.failed)
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
