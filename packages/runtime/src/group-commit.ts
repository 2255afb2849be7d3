import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { retryStorage } from './retry-storage.ts'

/** Pieces of work of one turn of the event loop share one transaction. */
export interface GroupCommit {
  /**
   * Runs `work` in the next transaction; resolves with its value when the disk has it. Work is run again if the transaction has
   * to be.
   */
  submit<T>(work: () => T): Promise<T>
  /** Resolves when everything submitted so far has been committed. */
  settled(): Promise<void>
}

interface Piece {
  run(): void
  done(): void
  failed(error: unknown): void
}

export function createGroupCommit(options: {
  env: Env
  signal: AbortSignal
  transact(work: () => void): void
  /** Resolves when the disk has all that was committed so far. */
  synced(): Promise<void>
  onStorageTrouble(error: AppError | null): void
}): GroupCommit {
  const { env } = options
  let waiting: Piece[] = []
  let turning = false
  let last: Promise<void> = Promise.resolve()
  let lastTold: Promise<void> = Promise.resolve()

  function schedule(): void {
    if (turning) return
    turning = true
    env.nextTurn(() => {
      turning = false
      const pieces = waiting
      waiting = []
      last = last.then(() => commitAll(pieces))
    })
  }

  async function commitAll(pieces: Piece[]): Promise<void> {
    try {
      await transact(() => {
        for (const piece of pieces) piece.run()
      })
    } catch (error) {
      const [only] = pieces
      if (pieces.length === 1 && only) return only.failed(error)
      // One piece is at fault: alone, each shows whether it is the one.
      for (const piece of pieces) await commitAll([piece])
      return
    }
    // The next transaction need not wait for the disk.
    lastTold = tell(pieces)
  }

  async function tell(pieces: readonly Piece[]): Promise<void> {
    try {
      await options.synced()
      for (const piece of pieces) piece.done()
    } catch (error) {
      for (const piece of pieces) piece.failed(error)
    }
  }

  function transact(work: () => void): Promise<void> {
    return retryStorage({ ...options, work: () => options.transact(work) })
  }

  return {
    submit<T>(work: () => T): Promise<T> {
      if (options.signal.aborted) {
        return Promise.reject(new AppError('KC_RUNTIME_STOPPED', 'The service is stopping: nothing more is written.'))
      }
      return new Promise<T>((resolve, reject) => {
        let finish = (): void => {}
        waiting.push({
          run() {
            const value = work()
            finish = () => resolve(value)
          },
          done: () => finish(),
          failed: reject,
        })
        schedule()
      })
    },
    async settled() {
      while (turning || waiting.length > 0) await new Promise<void>((resolve) => env.nextTurn(resolve))
      await last
      await lastTold
    },
  }
}
