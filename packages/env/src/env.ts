/** A timer that has been set and may be taken back. */
export interface Timer {
  cancel(): void
}

/**
 * Everything a service takes from the world that is not I/O: clocks, timers, ids and randomness.
 * One is made at the edge of a process and handed in, so that a whole group can be run on a virtual clock.
 */
export interface Env {
  /** Wall clock, whole milliseconds since the epoch. */
  now(): number
  /** Monotonic clock, milliseconds with a fraction; never goes back, not comparable between processes. */
  monotonicMs(): number
  /** Calls `fn` once after `delayMs`; keeps the process alive until then. */
  setTimer(delayMs: number, fn: () => void): Timer
  /** Calls `fn` after the current turn of the event loop, when pending I/O has been looked at. */
  nextTurn(fn: () => void): void
  /** A new UUIDv7 (RFC 9562 section 5.7); ids of one Env sort in the order in which they were made. */
  newId(): string
  randomBytes(sizeBytes: number): Buffer
}
