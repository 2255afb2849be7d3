import { formatPlace } from '@kafclaw/envelope'
import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

/** Every record that nobody can read has a dead letter, and nothing else has one. */
export function judgeDeadLetters(world: World, { records }: Evidence): void {
  const poison = new Map<string, string>()
  const letters = new Set<string>()
  for (const { record, kind, decoded } of records) {
    if (kind === 'dlq') {
      if (record.key) letters.add(record.key.toString())
    } else if (decoded.kind === 'poison') poison.set(formatPlace(record), decoded.reason)
  }
  for (const [place, reason] of poison) {
    if (!letters.has(place)) world.breach('missing dead letter', `${place}: ${reason}`)
  }
  for (const place of letters) {
    if (!poison.has(place)) world.breach('unexpected dead letter', place)
  }
}
