import type Database from 'better-sqlite3'
import type { Db, Statement } from './database.ts'
import { toStorageError } from './storage-error.ts'
import { createTransactions } from './transactions.ts'

/** Texts are constants in our code; the bound only keeps a caller that builds texts from filling the memory. */
const STATEMENTS_KEPT = 256

/** Wraps an open connection of better-sqlite3 as a Db, which owns it from then on. */
export function createConnection(raw: Database.Database, path: string): Db {
  const statements = new Map<string, Statement<never[], unknown>>()
  const transactions = createTransactions(raw, path)

  function guard<T>(fn: () => T): T {
    try {
      transactions.assertAlive()
      return fn()
    } catch (error) {
      throw failure(error)
    }
  }

  function failure(error: unknown): unknown {
    transactions.failed()
    return toStorageError(error, path)
  }

  // These three are called some ten times for each record: no closure and no new object for a call.
  function wrap<P extends unknown[], R>(sql: string): Statement<P, R> {
    const statement = raw.prepare<P, R>(sql)
    return {
      run(...params) {
        try {
          transactions.assertAlive()
          return statement.run(...params)
        } catch (error) {
          throw failure(error)
        }
      },
      get(...params) {
        try {
          transactions.assertAlive()
          return statement.get(...params)
        } catch (error) {
          throw failure(error)
        }
      },
      all: (...params) => guard(() => statement.all(...params)),
      *iterate(...params) {
        try {
          // A statement cannot be run again while its rows are being read, so each iteration has its own.
          yield* raw.prepare<P, R>(sql).iterate(...params)
        } catch (error) {
          throw failure(error)
        }
      },
    }
  }

  function prepare<P extends unknown[], R>(sql: string): Statement<P, R> {
    const kept = statements.get(sql)
    // The text decides what a statement takes and gives; `P` and `R` are the caller's word on it, as for a new one.
    if (kept) return kept as unknown as Statement<P, R>
    const statement = guard(() => wrap<P, R>(sql))
    for (const oldest of statements.keys()) {
      if (statements.size < STATEMENTS_KEPT) break
      statements.delete(oldest)
    }
    statements.set(sql, statement as unknown as Statement<never[], unknown>)
    return statement
  }

  const close = () => {
    statements.clear()
    transactions.close()
    raw.close()
  }

  return {
    path,
    prepare,
    transaction: transactions.run,
    synced: transactions.synced,
    exec: (sql) => guard(() => void raw.exec(sql)),
    pragma: (source) => guard(() => raw.pragma(source, { simple: true })),
    close,
    [Symbol.dispose]: close,
  }
}
