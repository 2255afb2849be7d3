import { closeSync, fsyncSync, openSync } from 'node:fs'
import { AppError } from '@kafclaw/envelope'
import Database from 'better-sqlite3'
import { toStorageError } from './storage-error.ts'

/** The transactions of one connection. */
export interface Transactions {
  run<T>(fn: () => T, mustLast?: (() => boolean) | undefined): T
  /** Throws when SQLite has undone the running transaction behind its function's back. */
  assertAlive(): void
  /** A call has failed: only then may SQLite have undone the transaction. */
  failed(): void
}

/** BEGIN IMMEDIATE outside, a savepoint for each transaction inside another. */
export function createTransactions(raw: Database.Database, path: string): Transactions {
  const begin = raw.prepare('BEGIN IMMEDIATE')
  const commit = raw.prepare('COMMIT')
  const savepoint = raw.prepare('SAVEPOINT nested')
  const release = raw.prepare('RELEASE nested')
  let depth = 0
  let hasFailed = false

  // After some errors (disk full, I/O) SQLite undoes the whole transaction itself (sqlite.org/lang_transaction.html).
  // If the caller catches such an error and goes on, its next write would be committed alone.
  function assertAlive(): void {
    if (!hasFailed || depth === 0 || raw.inTransaction) return
    const message = `The transaction on ${path} was undone after an error; nothing of it was stored. Run it again as a whole.`
    throw new AppError('KC_STORAGE_FAILED', message, { details: { path } })
  }

  function undo(nested: boolean): void {
    if (!raw.inTransaction) return
    try {
      raw.exec(nested ? 'ROLLBACK TO nested; RELEASE nested' : 'ROLLBACK')
    } catch {
      // The first error says what is wrong; a rollback that fails leaves a journal which undoes it at the next open.
    }
  }

  /**
   * A log of changes that could not grow on a full disk can begin anew when all of it lies in the file; this waits for nobody,
   * and where it fails the disk is as full as it was.
   */
  function makeRoom(error: AppError): void {
    if (error.code !== 'KC_STORAGE_FULL') return
    try {
      raw.pragma('wal_checkpoint(PASSIVE)')
    } catch {
      // The caller tries again later.
    }
  }

  function runNow<T>(fn: () => T): T {
    const nested = depth > 0
    try {
      assertAlive()
      if (nested) savepoint.run()
      else begin.run()
    } catch (error) {
      throw toStorageError(error, path)
    }
    depth++
    try {
      const result = fn()
      if (result instanceof Promise)
        throw new TypeError('A transaction is synchronous, but its function returned a promise.')
      assertAlive()
      if (nested) release.run()
      else commit.run()
      return result
    } catch (error) {
      undo(nested)
      if (!(error instanceof Database.SqliteError) && !(error instanceof AppError)) throw error
      const known = toStorageError(error, path)
      if (!nested) makeRoom(known)
      throw known
    } finally {
      depth--
      if (depth === 0) hasFailed = false
    }
  }

  /** Whether a transaction must last is known at its end, when SQLite takes no other setting any more: so the sync is ours. */
  function runLazily<T>(fn: () => T, mustLast: () => boolean): T {
    raw.exec('PRAGMA synchronous = NORMAL')
    try {
      let lasts = false
      const value = runNow(() => {
        const result = fn()
        lasts = mustLast()
        return result
      })
      if (lasts) syncWal()
      return value
    } finally {
      raw.exec('PRAGMA synchronous = FULL')
    }
  }

  /**
   * As SQLite does after a commit with synchronous=FULL (sqlite.org/pragma.html#pragma_synchronous). Its locks lie on other
   * files, so closing ours takes none of them away. What a failed sync has lost cannot be told: nobody may go on after it.
   */
  function syncWal(): void {
    if (path === ':memory:') return
    try {
      const file = openSync(`${path}-wal`, 'r+')
      try {
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
    } catch (error) {
      const message = `The disk failed while ${path} was stored (${String(error)}). Check the disk and the system log, then start the service again.`
      throw new AppError('KC_STORAGE_FAILED', message, { cause: error, details: { path } })
    }
  }

  return {
    run: (fn, mustLast) => (mustLast && depth === 0 ? runLazily(fn, mustLast) : runNow(fn)),
    assertAlive,
    failed() {
      hasFailed = true
    },
  }
}
