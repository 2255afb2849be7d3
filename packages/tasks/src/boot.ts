import type { AnnounceEnvelope } from '@kafclaw/envelope'

/** The number of this boot: 1 + the highest that stands on `announce` for our agent id. A process that reads a higher one has been replaced. */
export interface Boot {
  readonly id: string
  /** 0 before `choose`. */
  number(): number
  /** Once the reader has caught up: takes the next number. */
  choose(): void
  /** A beat of our agent id was read. */
  read(envelope: AnnounceEnvelope): BootReading
}

export type BootReading =
  /** Our own beat, and nobody stood on its number before: the number is ours. */
  | { kind: 'own' }
  /** Our own beat, but another boot stood on its number first: a higher one has been chosen and must be announced before it counts. */
  | { kind: 'taken' }
  | { kind: 'older' }
  | { kind: 'replaced'; host: string | null; boot: number }

export function createBoot(id: string): Boot {
  let number = 0
  /** The highest number of any other boot. */
  let highest = 0
  /** Our number, once it stands in the log before every other boot's. */
  let standing = 0
  return {
    id,
    number: () => number,
    choose() {
      number = highest + 1
    },
    read({ payload }) {
      if (payload.boot_id === id) {
        // A beat from before the number was given up says nothing about the new one.
        if (payload.boot < number) return { kind: 'taken' }
        // A twin that chose the same number and came second gives way, not we.
        if (standing === number || number > highest) {
          standing = number
          return { kind: 'own' }
        }
        number = highest + 1
        return { kind: 'taken' }
      }
      highest = Math.max(highest, payload.boot)
      if (number > 0 && payload.boot > number) return { kind: 'replaced', host: payload.host, boot: payload.boot }
      return { kind: 'older' }
    },
  }
}
