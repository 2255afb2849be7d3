import type { RecordHeaders } from '@kafclaw/envelope'
import { createByteWriter } from './byte-writer.ts'
import { crc32c } from './crc32c.ts'

/** The part of a record that goes into a batch. */
export interface RecordContent {
  key: Buffer | null
  value: Buffer | null
  headers: RecordHeaders
}

/** Who writes, for the broker's check against double writing (KIP-98); -1 everywhere switches it off. */
export interface ProducerStamp {
  producerId: number
  epoch: number
  sequence: number
}

export const NO_PRODUCER: ProducerStamp = { producerId: -1, epoch: -1, sequence: -1 }

/** Bytes before the records in a batch of format 2. */
const OVERHEAD_BYTES = 61
const LENGTH_AT = 8
const CRC_AT = 17
const ATTRIBUTES_AT = 21

/** `max.message.bytes` of Apache Kafka: the largest record batch that a topic takes. */
export const LARGEST_BATCH_BYTES = 1_048_588

/** Size of the batch that holds this record alone, uncompressed; the same limit holds in both forms of the log. */
export function loneBatchBytes(record: RecordContent): number {
  const bodyBytes = recordBodyBytes(record, 0)
  return OVERHEAD_BYTES + varintBytes(bodyBytes) + bodyBytes
}

function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x20_0000) return 3
  return zigzag < 0x1000_0000 ? 4 : 5
}

const names = new Map<string, Buffer>()
const NAMES_KEPT = 64

/** The same few names stand in every record. */
function nameBytes(name: string): Buffer {
  const known = names.get(name)
  if (known) return known
  const bytes = Buffer.from(name)
  if (names.size < NAMES_KEPT) names.set(name, bytes)
  return bytes
}

function fieldBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length
}

function recordBodyBytes(record: RecordContent, offsetDelta: number): number {
  // Attributes, then a timestamp delta that is always 0.
  let total = 2 + varintBytes(offsetDelta) + fieldBytes(record.key) + fieldBytes(record.value)
  total += varintBytes(record.headers.length)
  for (const [name, value] of record.headers) {
    total += fieldBytes(nameBytes(name)) + fieldBytes(value)
  }
  return total
}

const LONGEST_VARINT_BYTES = 5

/** The records section of a batch: what a codec compresses. */
export function encodeRecords(records: readonly RecordContent[]): Buffer {
  const sizes = records.map(recordBodyBytes)
  // At once as large as it gets: a writer that has to grow copies everything each time.
  const writer = createByteWriter(sizes.reduce((total, bodyBytes) => total + LONGEST_VARINT_BYTES + bodyBytes, 0))
  for (const [offsetDelta, record] of records.entries()) {
    writer.varint(sizes[offsetDelta] ?? 0)
    writer.int8(0)
    writer.varint(0)
    writer.varint(offsetDelta)
    writer.varintBytes(record.key)
    writer.varintBytes(record.value)
    writer.varint(record.headers.length)
    for (const [name, value] of record.headers) {
      writer.varintBytes(nameBytes(name))
      writer.varintBytes(value)
    }
  }
  return writer.bytes()
}

/** One record batch of format 2 (KIP-98); `records` comes from encodeRecords, compressed where `codec` is not 0. */
export function encodeRecordBatch(
  records: Buffer,
  batch: { count: number; codec: number; timestampMs: number; stamp: ProducerStamp },
): Buffer {
  const writer = createByteWriter(OVERHEAD_BYTES + records.length)
  writer.int64(0)
  writer.int32(OVERHEAD_BYTES + records.length - LENGTH_AT - 4)
  writer.int32(-1)
  writer.int8(2)
  writer.int32(0)
  writer.int16(batch.codec)
  writer.int32(batch.count - 1)
  writer.int64(batch.timestampMs)
  writer.int64(batch.timestampMs)
  writer.int64(batch.stamp.producerId)
  writer.int16(batch.stamp.epoch)
  writer.int32(batch.stamp.sequence)
  writer.int32(batch.count)
  writer.raw(records)
  const bytes = writer.bytes()
  writer.patchUInt32(CRC_AT, crc32c(bytes, ATTRIBUTES_AT))
  return bytes
}
