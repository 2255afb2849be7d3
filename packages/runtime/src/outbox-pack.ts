import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Envelope, headersOf, type RecordHeaders, recordKey } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'

/** A record as the outbox stores it, with the number of its row in the timeline. */
export interface PackedRecord {
  timelineSeq: number
  record: OutgoingRecord
  /** An envelope of this service: its key and its headers follow from its body, and are not stored. */
  isEnvelope: boolean
}

/** Of an envelope: its value is a line of its own. */
type EnvelopeHead = [topic: string, partition: number, timelineSeq: number]
/** Of anything else, which stands here whole: key and value in hex, the values of headers with a character for each byte. */
type OtherHead = [...EnvelopeHead, key: string | null, value: string | null, headers: Array<[string, string]>]
type Head = EnvelopeHead | OtherHead

const LINE_END = Buffer.from('\n')
/** Records are alike, so many of them fold to a tenth; a few are not worth the call. */
const COMPRESS_ABOVE_BYTES = 8 * 1024
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** RFC 8878 section 3.1.1, as the first four bytes; a head begins with a bracket. */
const ZSTD_MAGIC = 0x28b52ffd

/** The records of one transaction as one value: a line of heads, then a line for the body of each envelope. JSON writes no line feed. */
export function packRecords(records: readonly PackedRecord[]): Buffer {
  const parts: Buffer[] = [Buffer.from(JSON.stringify(records.map(headOf)))]
  for (const { record, isEnvelope } of records) if (isEnvelope && record.value) parts.push(LINE_END, record.value)
  const bytes = Buffer.concat(parts)
  return bytes.length > COMPRESS_ABOVE_BYTES ? zstdCompressSync(bytes, FASTEST) : bytes
}

/** What `packRecords` has packed, which nobody else writes. */
export function unpackRecords(packed: Buffer): PackedRecord[] {
  const isCompressed = packed.length > 4 && packed.readUInt32BE(0) === ZSTD_MAGIC
  const [first = '[]', ...bodies] = (isCompressed ? zstdDecompressSync(packed) : packed).toString().split('\n')
  const heads: Head[] = JSON.parse(first)
  let next = 0
  return heads.map((head) => (head.length === 3 ? envelopeOf(head, bodies[next++] ?? '') : otherOf(head)))
}

function headOf({ timelineSeq, record, isEnvelope }: PackedRecord): Head {
  const { topic, partition, key, value, headers } = record
  if (isEnvelope) return [topic, partition, timelineSeq]
  const hex = (bytes: Buffer | null): string | null => bytes?.toString('hex') ?? null
  return [
    topic,
    partition,
    timelineSeq,
    hex(key),
    hex(value),
    headers.map(([name, bytes]) => [name, bytes.toString('latin1')]),
  ]
}

function envelopeOf([topic, partition, timelineSeq]: EnvelopeHead, body: string): PackedRecord {
  const envelope: Envelope = JSON.parse(body)
  const headers = headersOf(envelope, envelope.type === 'response' ? { home: partition } : {})
  const record = { topic, partition, key: Buffer.from(recordKey(envelope)), value: Buffer.from(body), headers }
  return { timelineSeq, record, isEnvelope: true }
}

function otherOf([topic, partition, timelineSeq, key, value, headers]: OtherHead): PackedRecord {
  const bytes = (hex: string | null): Buffer | null => (hex === null ? null : Buffer.from(hex, 'hex'))
  const pairs: RecordHeaders = headers.map(([name, text]) => [name, Buffer.from(text, 'latin1')] as const)
  return {
    timelineSeq,
    record: { topic, partition, key: bytes(key), value: bytes(value), headers: pairs },
    isEnvelope: false,
  }
}
