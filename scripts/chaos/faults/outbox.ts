import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase } from '@kafclaw/storage'
import type { CrewMember } from '../crew.ts'
import type { Scene } from '../scene.ts'

const GIVE_UP_MS = 60_000
const LOOK_AGAIN_MS = 100

/** Waits until no record from before now waits to be sent: those of the load go on coming. Notes how long it took. */
export async function untilOutboxEmpty({ crew, events }: Scene): Promise<void> {
  const startMs = performance.now()
  const running = crew.filter(({ process }) => process.isRunning())
  const last = running.map((member) => outboxOf(member).last)
  const isLeft = (): boolean => running.some((member, n) => (outboxOf(member).first ?? Infinity) <= (last[n] ?? -1))
  while (isLeft() && performance.now() - startMs < GIVE_UP_MS) await delay(LOOK_AGAIN_MS)
  events.most('outbox_drained_ms', Math.round(performance.now() - startMs))
}

interface Waiting {
  first: number | null
  last: number | null
}

/** The numbers of the rows that wait in a member's outbox. */
function outboxOf({ files }: CrewMember): Waiting {
  using db = openDatabase(files.stateDb, 'state', { readOnly: true })
  const row = db
    .prepare<[], Waiting>('select min(seq) as first, max(seq) as last from outbox where parked is null')
    .get()
  return row ?? { first: null, last: null }
}
