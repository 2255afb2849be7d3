import { AppError } from '@kafclaw/envelope'
import Database from 'better-sqlite3'
import type { TransactionOptions } from './database.ts'
import { toStorageError } from './storage-error.ts'
import { createWalSync } from './wal-sync.ts'

/** The transactions of one connection. */
export interface Transactions {
  run<T>(fn: () => T, options?: TransactionOptions): T
  synced(): Promise<void>
  close(): void
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
  const sync = path === ':memory:' ? null : createWalSync(path)
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

  function runLater<T>(fn: () => T): T {
    raw.exec('PRAGMA synchronous = NORMAL')
    try {
      return runNow(fn)
    } finally {
      sync?.changed()
      raw.exec('PRAGMA synchronous = FULL')
    }
  }

  return {
    run: (fn, options) => (options?.sync === 'later' && depth === 0 ? runLater(fn) : runNow(fn)),
    synced: () => sync?.synced() ?? Promise.resolve(),
    close: () => sync?.close(),
    assertAlive,
    failed() {
      hasFailed = true
    },
  }
}
