/** A prepared statement; `P` and `R` are what the caller says about its parameters and rows. */
export interface Statement<P extends unknown[] = unknown[], R = unknown> {
  run(...params: P): { changes: number; lastInsertRowid: number | bigint }
  get(...params: P): R | undefined
  all(...params: P): R[]
  iterate(...params: P): IterableIterator<R>
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
   * `fn` must be synchronous.
   *
   * When it returns, what it did outlives the loss of power. `mustLast` is asked at the end of an outermost transaction:
   * where it says no, because all of it can be read again from elsewhere, the disk is not waited for, and after a loss of power
   * the file may be as it was before this transaction, or before the last few of the kind. The next one that must last
   * takes those before it along.
   */
  transaction<T>(fn: () => T, mustLast?: (() => boolean) | undefined): T
  exec(sql: string): void
  /** The value of a pragma, given as `name` or `name = value`. */
  pragma(source: string): unknown
  close(): void
}
