import { setTimeout as delay } from 'node:timers/promises'
import { decode, formatPlace, parseTopicName, type RawRecord } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import type { CrewMember } from '../crew.ts'
import type { Scene } from '../scene.ts'

/** Records that were acknowledged and do not lie where that was said: to whoever asked, and to each worker. */
export async function countAcknowledgedLost({ stage, load, crew }: Scene): Promise<number> {
  const lying = new Map<string, string>()
  const names = (await stage.log.listTopics()).filter((name) => isOfGroup(name, stage.scope.group))
  for (const record of await readAll(stage.log, names)) {
    const decoded = decode(record)
    if (decoded.kind === 'envelope') lying.set(formatPlace(record), decoded.envelope.id)
  }
  const said = [...load.places, ...crew.flatMap(sentBy)]
  return said.filter((place) => lying.get(formatPlace(place)) !== place.id).length
}

interface SentRow {
  topic: string
  partition: number
  offset: number
  id: string
}

/** What a member has in its timeline as sent and acknowledged; heartbeats go another way. */
function sentBy({ files }: CrewMember): SentRow[] {
  using db = openDatabase(files.stateDb, 'state', { readOnly: true })
  return db
    .prepare<[], SentRow>(
      `select topic, "partition", "offset", record_id as id from timeline
       where kind = 'sent' and "offset" is not null and record_id is not null`,
    )
    .all()
}

const CATCH_UP_MS = 60_000
const LOOK_AGAIN_MS = 300

/** What the sinks and the indexers have in their files against what lies on the topics now, when they have had time to read it. */
export async function serviceFigures({ stage, crew, case: { load } }: Scene): Promise<Record<string, number>> {
  const sinks = crew.filter(({ group }) => group.role === 'audit-sink')
  const indexers = crew.filter(({ group }) => group.role === 'memory-indexer')
  const names = (await stage.log.listTopics()).filter((name) => isOfGroup(name, stage.scope.group))
  const records = sinks.length > 0 ? await readAll(stage.log, names) : []
  const audit = sinks.length === 0 ? null : () => sum(sinks.map((sink) => compareAudit(sink, records)))
  const memory = indexers.length === 0 ? null : () => sum(indexers.map((one) => compareMemory(one, load.memories)))
  return { ...(await whenRead('audit', audit)), ...(await whenRead('memory', memory)) }
}

async function whenRead(name: string, compare: (() => Kept) | null): Promise<Record<string, number>> {
  if (compare === null) return {}
  const deadlineMs = performance.now() + CATCH_UP_MS
  while (compare().missing > 0 && performance.now() < deadlineMs) await delay(LOOK_AGAIN_MS)
  const { missing, twice } = compare()
  return { [`${name}_missing`]: missing, [`${name}_twice`]: twice }
}

function sum(all: readonly Kept[]): Kept {
  return all.reduce(({ missing, twice }, kept) => ({ missing: missing + kept.missing, twice: twice + kept.twice }))
}

interface Kept {
  missing: number
  twice: number
}

/** Compacted topics lose records by right; of all others every one has to be there, once, and no gap noted. */
function compareAudit({ files }: CrewMember, records: readonly RawRecord[]): Kept {
  using db = openDatabase(files.auditDb, 'audit', { readOnly: true })
  const kept = new Set(
    db
      .prepare<[], { place: string }>(`select topic || '/' || "partition" || '/' || "offset" as place from record`)
      .all()
      .map(({ place }) => place),
  )
  const count = (sql: string): number => db.prepare<[], { n: number }>(sql).get()?.n ?? 0
  const edgesTwice = count(
    `select count(*) as n from (select count(*) as times from edge
       group by kind, from_id, to_id, to_topic, to_partition, to_offset having times > 1)`,
  )
  return {
    missing: records.filter((record) => !kept.has(formatPlace(record))).length + count('select count(*) as n from gap'),
    twice: edgesTwice,
  }
}

function compareMemory({ files }: CrewMember, shared: number): Kept {
  using db = openDatabase(files.memoryDb, 'memory', { readOnly: true })
  const count = (sql: string): number => db.prepare<[], { n: number }>(sql).get()?.n ?? 0
  const withChunks = count('select count(distinct item) as n from chunk')
  return {
    missing: Math.abs(shared - withChunks),
    twice: count('select count(*) as n from (select count(*) as times from chunk group by item, seq having times > 1)'),
  }
}

function isOfGroup(name: string, group: string): boolean {
  return parseTopicName(name)?.group === group
}
