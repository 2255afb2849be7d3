import { decode, formatPlace, parseTopicName } from '@kafclaw/envelope'
import type { LogBook } from '../log-book.ts'
import { DATA } from '../stage.ts'
import type { World } from '../world.ts'
import type { Evidence } from './judge.ts'

interface SentRow {
  record_id: string | null
  topic: string | null
  partition: number
  offset: number
  summary: string
}

/** What a service has noted as sent lies on the log where it says, in the order in which it was noted, and nothing else by its hand. */
export function judgeTimelines(world: World, { records, machines }: Evidence): void {
  const bySender = new Map<string, Set<string>>()
  for (const record of records) {
    // Heartbeats go past the timeline.
    if (parseTopicName(record.topic)?.kind === 'announce') continue
    const decoded = decode(record)
    if (decoded.kind !== 'envelope') continue
    const { id, sender_id } = decoded.envelope
    bySender.set(sender_id, (bySender.get(sender_id) ?? new Set()).add(id))
  }
  const firsts = firstPlaces(world.book)
  for (const { name, files } of machines) {
    const db = files.peek(DATA.member(name).stateDb)
    if (!db || world.lostDisks.has(name)) continue
    const rows = db
      .prepare<[], SentRow>(
        `select record_id, topic, "partition", "offset", summary from timeline where kind = 'sent' and record_id is not null order by seq`,
      )
      .all()
    const noted = new Set<string>()
    const last = new Map<string, number>()
    for (const { record_id, topic, partition, offset, summary } of rows) {
      if (record_id === null) continue
      noted.add(record_id)
      const first = firsts.get(record_id)
      if (!first) {
        world.breach('timeline differs', `${name} has not sent ${record_id} ${summary}`)
        continue
      }
      // A record may lie there again later; what comes first keeps the order of the outbox.
      if (first.offset < (last.get(first.partition) ?? -1))
        world.breach('sent out of order', `${name} has sent ${record_id} ${summary} after a later one`)
      last.set(first.partition, first.offset)
      if (topic === null) continue
      const place = formatPlace({ topic, partition, offset })
      const there = world.book.ids.get(place)
      if (there !== record_id)
        world.breach('timeline differs', `${name} says that ${record_id} lies at ${place}, where ${there} lies`)
    }
    for (const id of bySender.get(name) ?? []) {
      if (!noted.has(id)) world.breach('timeline differs', `${name} has sent ${id} without a row`)
    }
  }
}

/** Where each record lies first: topic and partition, and the offset there. */
function firstPlaces({ ids }: LogBook): Map<string, { partition: string; offset: number }> {
  const firsts = new Map<string, { partition: string; offset: number }>()
  for (const [place, id] of ids) {
    const slash = place.lastIndexOf('/')
    if (!firsts.has(id)) firsts.set(id, { partition: place.slice(0, slash), offset: Number(place.slice(slash + 1)) })
  }
  return firsts
}
