import type { Env } from '@kafclaw/env'

/** What becomes of a batch that was sent. All but `taken` end for the sender as KC_KAFKA_TIMEOUT: unknown whether written. */
export type SendFate = 'taken' | 'lost' | 'unanswered' | 'twice' | 'late'

/** The way between one process and the simulated broker: how long it takes, and what goes wrong on it. */
export interface SimulatedLink {
  /** Of the process. Once that has died, none of its callbacks runs, so nothing reaches it any more. */
  readonly env: Env
  /** Asked before each call leaves the process; false: the process has died, and the call does nothing for ever. */
  mayCall(what: string): boolean
  /** How long a request or an answer is on its way. */
  travelMs(): number
  /** How long it takes until a record is read that lies on a partition of that leader. */
  fetchMs(leader: number): number
  fate(lane: string): SendFate
}

/** A promise that nobody ends: what a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined)
}
