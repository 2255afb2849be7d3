/** A prepared statement; `P` and `R` are what the caller says about its parameters and rows. */
export interface Statement<P extends unknown[] = unknown[], R = unknown> {
  run(...params: P): { changes: number; lastInsertRowid: number | bigint }
  get(...params: P): R | undefined
  all(...params: P): R[]
  iterate(...params: P): IterableIterator<R>
}

export interface TransactionOptions {
  sync: 'later'
}

/**
 * An open SQLite file of one family. All calls are synchronous; every error leaves as an AppError:
 * KC_STORAGE_FULL, KC_STORAGE_BUSY, KC_STORAGE_CORRUPT, KC_STORAGE_READONLY or KC_STORAGE_FAILED.
 */
export interface Db extends Disposable {
  readonly path: string
  /** Statements are kept by their text, so asking again for the same text is cheap. */
  prepare<P extends unknown[], R = unknown>(sql: string): Statement<P, R>
  /**
   * Runs `fn` in one BEGIN IMMEDIATE transaction; an error in it undoes all and is thrown on.
   * Inside another transaction it belongs to that one: what it did is stored with the outer commit,
   * and an error undoes only its own part (a savepoint), so that the outer one may catch it and go on.
   * `fn` must be synchronous. When it returns, what it did outlives a loss of power; with `sync: 'later'` only `synced` tells
   * when it does: until then the file may be found as it was before this transaction, or before the last few.
   */
  transaction<T>(fn: () => T, options?: TransactionOptions): T
  /**
   * Resolves when everything that was committed before the call outlives a loss of power. Throws KC_STORAGE_FAILED when the disk
   * has failed: what it has kept cannot be told then, and the service has to end.
   */
  synced(): Promise<void>
  exec(sql: string): void
  /** The value of a pragma, given as `name` or `name = value`. */
  pragma(source: string): unknown
  close(): void
}
