import { formatPlace, parseTopicName, type RawRecord, TOPICS } from '@kafclaw/envelope'
import { DATA } from '../stage.ts'
import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

type KeptRecord = Pick<RawRecord, 'topic' | 'partition' | 'offset' | 'value'>

const SINK = 'audit-sink'

/** The audit has every record once, byte for byte, and no gap. */
export function judgeAudit(world: World, { records, machines }: Evidence): void {
  const sink = machines.find(({ name }) => name === SINK)
  const db = sink?.files.peek(DATA.member(SINK).auditDb)
  if (!db) return
  const kept = new Map(
    db
      .prepare<[], KeptRecord>('select topic, "partition", "offset", value from record')
      .all()
      .map((row) => [formatPlace(row), row]),
  )
  for (const { record } of records) {
    const place = formatPlace(record)
    const row = kept.get(place)
    if (!row) world.breach('audit differs', `${place} is not kept`)
    else if (String(row.value) !== String(record.value)) world.breach('audit differs', `${place} is kept otherwise`)
  }
  const written = new Set(records.map(({ record }) => formatPlace(record)))
  for (const [place, { topic }] of kept) {
    const isCompacted = TOPICS[parseTopicName(topic)?.kind ?? 'requests'].cleanup === 'compact'
    if (!isCompacted && !written.has(place)) world.breach('audit differs', `${place} was never written`)
  }
  const gaps = db.prepare<[], { topic: string; from_offset: number }>('select topic, from_offset from gap').all()
  for (const gap of gaps) world.breach('audit differs', `gap at ${gap.topic} from ${gap.from_offset}`)
}
