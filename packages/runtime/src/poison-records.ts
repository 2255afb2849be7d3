import { decode, type RawRecord } from '@kafclaw/envelope'
import type { LogBatch } from '@kafclaw/kafka'
import type { Member } from './member.ts'

/** Writes dead letters of those records that `concerns` picks and no reader can accept; resolves when they are stored. */
export async function deadLetterPoison(
  batches: readonly LogBatch[],
  options: { member: Pick<Member, 'deadLetter'>; concerns(record: RawRecord): boolean },
): Promise<void> {
  const stored: Array<Promise<void>> = []
  for (const record of batches.flatMap((batch) => batch.records)) {
    if (!options.concerns(record)) continue
    const decoded = decode(record)
    if (decoded.kind !== 'poison') continue
    const { code, reason } = decoded
    stored.push(options.member.deadLetter(record, { code, reason }))
  }
  await Promise.all(stored)
}
