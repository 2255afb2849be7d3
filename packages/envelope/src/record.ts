/** Where a record lies on the log. Offsets are plain numbers, far below 2^53. */
export interface RecordPlace {
  topic: string
  partition: number
  offset: number
}

/** Headers in their order; a name may come more than once. */
export type RecordHeaders = ReadonlyArray<readonly [name: string, value: Buffer]>

/** A record as it was read: nothing in it is trusted yet. */
export interface RawRecord extends RecordPlace {
  /** Append time (the topics say `message.timestamp.type=LogAppendTime`), epoch ms. */
  timestampMs: number
  key: Buffer | null
  value: Buffer | null
  headers: RecordHeaders
}

/** `<topic>/<partition>/<offset>`: how a record is named in `in_reply_to`, on dead letters and in print. */
export function formatPlace(place: RecordPlace): string {
  return `${place.topic}/${place.partition}/${place.offset}`
}

const placeRegExp = /^([a-zA-Z0-9._-]{1,249})([/:])(\d{1,9})\2(\d{1,16})$/

/** Reads `<topic>/<partition>/<offset>`, with slashes or colons; null when it is no such text. */
export function parsePlace(text: string): RecordPlace | null {
  const match = placeRegExp.exec(text)
  const topic = match?.[1]
  if (!match || topic === undefined) return null
  const place = { topic, partition: Number(match[3]), offset: Number(match[4]) }
  return place.partition <= 0x7fffffff && Number.isSafeInteger(place.offset) ? place : null
}

/** The last header of that name, as Kafka's own `lastHeader`; undefined when there is none. */
export function lastHeader(headers: RecordHeaders, name: string): Buffer | undefined {
  return headers.findLast((header) => header[0] === name)?.[1]
}
