import type { RawRecord, RecordHeaders } from '@kafclaw/envelope'
import { decompress } from '../codecs/codecs.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { crc32c } from './crc32c.ts'

/** Offsets that cannot be read; `retry` when reading them again may help (the bytes may have suffered on the way). */
interface BadBatch {
  from: number
  to: number
  reason: string
  retry: boolean
}

export interface DecodedBatches {
  records: RawRecord[]
  /** Offset after the last whole batch before `bad`. */
  nextOffset: number
  bad: BadBatch | null
}

export interface BatchPlace {
  topic: string
  partition: number
  fromOffset: number
}

const PREFIX_BYTES = 12
const OVERHEAD_BYTES = 61
const MAGIC_AT = 16
const CODEC_MASK = 0x07
const APPEND_TIME_FLAG = 0x08
const CONTROL_FLAG = 0x20
const NO_BYTES = Buffer.alloc(0)

/**
 * Reads the record batches (format 2, KIP-98) of one partition out of a fetch answer, from `fromOffset` on.
 *
 * The next offset comes from the batch header, not from the last record: a compacted batch may hold fewer records than
 * offsets, or none, and control records (transaction markers) are no records. A broker cuts the last batch off where the
 * answer is full; that tail is left for the next fetch. The first batch is always whole (KIP-74).
 */
export function decodeRecordBatches(bytes: Buffer, place: BatchPlace): DecodedBatches {
  const result: DecodedBatches = { records: [], nextOffset: place.fromOffset, bad: null }
  let at = 0
  while (bytes.length - at > MAGIC_AT) {
    const batch = bytes.subarray(at, at + PREFIX_BYTES + bytes.readInt32BE(at + 8))
    const isWhole = batch.length === PREFIX_BYTES + bytes.readInt32BE(at + 8)
    if (!isWhole && at > 0) return result
    const flaw = isWhole ? readBatch(batch, place, result) : { reason: 'it is cut off', retry: true }
    if (flaw) {
      const to = Math.max(result.nextOffset + 1, lastOffset(bytes.subarray(at)) + 1)
      result.bad = { from: result.nextOffset, to, ...flaw }
      return result
    }
    at += batch.length
  }
  return result
}

interface Flaw {
  reason: string
  retry: boolean
}

function readBatch(batch: Buffer, place: BatchPlace, result: DecodedBatches): Flaw | null {
  const magic = batch.readInt8(MAGIC_AT)
  // Formats 0 and 1 went out of use with Kafka 0.11; brokers since 4.0 cannot write them.
  if (magic !== 2) return { reason: `record format ${magic} is not supported`, retry: magic !== 0 && magic !== 1 }
  if (batch.length < OVERHEAD_BYTES) return { reason: 'it is too short', retry: true }
  if (crc32c(batch, 21) !== batch.readUInt32BE(17)) return { reason: 'its checksum does not match', retry: true }
  const nextOffset = lastOffset(batch) + 1
  const attributes = batch.readInt16BE(21)
  if (nextOffset <= result.nextOffset) return null
  if (!(attributes & CONTROL_FLAG)) {
    try {
      const records = decodeRecords(batch, attributes, place)
      for (const record of records) if (record.offset >= place.fromOffset) result.records.push(record)
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), retry: false }
    }
  }
  result.nextOffset = nextOffset
  return null
}

function lastOffset(batch: Buffer): number {
  if (batch.length < OVERHEAD_BYTES || batch.readInt8(MAGIC_AT) !== 2) return -1
  return readInt64(batch, 0) + batch.readInt32BE(23)
}

function decodeRecords(batch: Buffer, attributes: number, place: BatchPlace): RawRecord[] {
  const bytes = decompress(attributes & CODEC_MASK, batch.subarray(OVERHEAD_BYTES))
  const reader = createByteReader(bytes)
  const head = {
    bytes,
    baseOffset: readInt64(batch, 0),
    baseMs: readInt64(batch, 27),
    appendMs: attributes & APPEND_TIME_FLAG ? readInt64(batch, 35) : null,
  }
  const records: RawRecord[] = []
  for (let left = batch.readInt32BE(57); left > 0; left--) records.push(decodeRecord(reader, head, place))
  return records
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

function decodeRecord(
  reader: ByteReader,
  head: { bytes: Buffer; baseOffset: number; baseMs: number; appendMs: number | null },
  { topic, partition }: BatchPlace,
): RawRecord {
  const endAt = reader.varint() + reader.at
  reader.skip(1)
  const timestampDelta = reader.varlong()
  const offset = head.baseOffset + reader.varint()
  const key = reader.varintBytes()
  const value = reader.varintBytes()
  const headerCount = reader.varint()
  const headersAt = reader.at
  for (let left = headerCount; left > 0; left--) {
    reader.skipVarintString()
    reader.skipVarintBytes()
  }
  if (reader.at !== endAt) throw new RangeError('a record is longer or shorter than it says')
  const timestampMs = head.appendMs ?? head.baseMs + timestampDelta
  const content = { key, value, headers: { bytes: head.bytes, from: headersAt, to: endAt, count: headerCount } }
  return new FetchedRecord({ topic, partition, offset, timestampMs }, content)
}

/** Headers that nobody has asked for yet. */
interface UnreadHeaders {
  bytes: Buffer
  from: number
  to: number
  count: number
}

/**
 * Half of the parts of a record are headers, and of most records nobody looks at them: they are read when somebody does. It is a
 * class because an object that gets an accessor of its own costs as much as all the rest; a copy by spread has no headers.
 */
class FetchedRecord implements RawRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly #unread: UnreadHeaders
  #headers: RecordHeaders | null = null

  constructor(
    place: Pick<RawRecord, 'topic' | 'partition' | 'offset' | 'timestampMs'>,
    content: Pick<RawRecord, 'key' | 'value'> & { headers: UnreadHeaders },
  ) {
    this.topic = place.topic
    this.partition = place.partition
    this.offset = place.offset
    this.timestampMs = place.timestampMs
    this.key = content.key
    this.value = content.value
    this.#unread = content.headers
  }

  get headers(): RecordHeaders {
    this.#headers ??= readHeaders(this.#unread)
    return this.#headers
  }
}

function readHeaders({ bytes, from, to, count }: UnreadHeaders): RecordHeaders {
  const reader = createByteReader(bytes.subarray(from, to))
  const headers: Array<readonly [string, Buffer]> = []
  for (let left = count; left > 0; left--) headers.push([reader.varintString(), reader.varintBytes() ?? NO_BYTES])
  return headers
}
