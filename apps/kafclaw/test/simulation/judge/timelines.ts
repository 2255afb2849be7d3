import { formatPlace } from '@kafclaw/envelope'
import type { LogBook } from '../log-book.ts'
import type { Machine } from '../machine.ts'
import { DATA } from '../stage.ts'
import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

interface SentRow {
  record_id: string
  topic: string | null
  partition: number
  offset: number | null
  summary: string
}

/** What a service has noted as sent lies on the log where it says, in the order in which it was noted, and nothing else by its hand. */
export function judgeTimelines(world: World, { records, machines }: Evidence): void {
  const bySender = new Map<string, Set<string>>()
  // Heartbeats go past the timeline, and are no part of the evidence.
  for (const { decoded } of records) {
    if (decoded.kind !== 'envelope') continue
    const { id, sender_id } = decoded.envelope
    bySender.set(sender_id, (bySender.get(sender_id) ?? new Set()).add(id))
  }
  for (const id of new Set(machines.map((machine) => machine.id))) {
    // Twins have a timeline each.
    const twins = machines.filter((machine) => machine.id === id)
    const rows = twins.map((machine) => sentRows(machine))
    for (const [index, machine] of twins.entries()) {
      if (isTrusted(world, machine) && !machine.isReplaced()) compareRows(world, machine, rows[index] ?? [])
    }
    if (id === 'client' || !twins.every((machine) => isTrusted(world, machine))) continue
    const noted = new Set(rows.flat().map(({ record_id }) => record_id))
    for (const sent of bySender.get(id) ?? []) {
      if (!noted.has(sent)) world.breach('timeline differs', `${id} has sent ${sent} without a row`)
    }
  }
}

/** A machine that has lost its files, or has old ones, does not know what it has sent. */
function isTrusted({ lostDisks }: World, { name }: Machine): boolean {
  return !lostDisks.has(name)
}

function sentRows({ id, files }: Machine): SentRow[] {
  const sql = `select record_id, topic, "partition", "offset", summary from timeline
    where kind = 'sent' and record_id is not null order by seq`
  return files.peek(DATA.member(id).stateDb)?.prepare<[], SentRow>(sql).all() ?? []
}

function compareRows({ book, breach }: World, { name }: Machine, rows: readonly SentRow[]): void {
  const firsts = firstPlaces(book)
  const last = new Map<string, number>()
  for (const { record_id, topic, partition, offset, summary } of rows) {
    const first = firsts.get(record_id)
    if (!first) {
      breach('timeline differs', `${name} has not sent ${record_id} ${summary}`)
      continue
    }
    // A record may lie there again later; what comes first keeps the order of the outbox.
    if (first.offset < (last.get(first.partition) ?? -1))
      breach('sent out of order', `${name} has sent ${record_id} ${summary} after a later one`)
    last.set(first.partition, first.offset)
    if (topic === null || offset === null) continue
    const place = formatPlace({ topic, partition, offset })
    const there = book.ids.get(place)
    if (there !== record_id)
      breach('timeline differs', `${name} says that ${record_id} lies at ${place}, where ${there} lies`)
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
