import type { Db } from '@kafclaw/storage'

/** A row that names a record by its position. */
export interface PlacedRow {
  topic: string
  partition: number
  offset: number
  record_id: string | null
}

/** The timeline of a service, read only. */
export interface Timeline {
  /** Rows about records of the topic, seen or sent, as they are at this moment. */
  rowsOf(topic: string): Iterable<PlacedRow>
  /** Rows about records of topics that are not among these. */
  rowsOfOtherTopics(topics: readonly string[]): Iterable<PlacedRow>
  /** Ids of the records that rows say were sent to the topic. */
  sentTo(topic: string): ReadonlySet<string>
}

// A `gap` row names offsets that were never seen; there is nothing to compare.
const PLACED = `select topic, "partition", "offset", record_id from timeline
  where topic is not null and "partition" is not null and "offset" is not null and kind in ('seen', 'sent', 'decided')`

export function openTimeline(db: Db): Timeline {
  const ofTopic = db.prepare<[string], PlacedRow>(`${PLACED} and topic = ?`)
  const ofOthers = db.prepare<[string], PlacedRow>(`${PLACED} and topic not in (select value from json_each(?))`)
  const sent = db.prepare<[string], Pick<PlacedRow, 'record_id'>>(
    `select record_id from timeline where topic = ? and kind = 'sent'`,
  )
  return {
    rowsOf: (topic) => ofTopic.iterate(topic),
    rowsOfOtherTopics: (topics) => ofOthers.iterate(JSON.stringify(topics)),
    sentTo: (topic) => new Set(sent.all(topic).flatMap(({ record_id }) => record_id ?? [])),
  }
}
