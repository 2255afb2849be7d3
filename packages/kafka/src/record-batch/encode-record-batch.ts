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
  const sizeBytes = bodyBytes(record, 0)
  return OVERHEAD_BYTES + varintBytes(sizeBytes) + sizeBytes
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

function bodyBytes({ key, value, headers }: RecordContent, offsetDelta: number): number {
  // Attributes, then a timestamp delta that is always 0.
  let total = 2 + varintBytes(offsetDelta) + fieldBytes(key) + fieldBytes(value) + varintBytes(headers.length)
  for (const [name, bytes] of headers) total += fieldBytes(nameBytes(name)) + fieldBytes(bytes)
  return total
}

/** The records section of a batch: what a codec compresses. */
export function encodeRecords(records: readonly RecordContent[]): Buffer {
  const sizes = records.map(bodyBytes)
  const buffer = Buffer.allocUnsafe(sizes.reduce((total, sizeBytes) => total + varintBytes(sizeBytes) + sizeBytes, 0))
  let at = 0
  for (const [offsetDelta, { key, value, headers }] of records.entries()) {
    at = putVarint(buffer, at, sizes[offsetDelta] ?? 0)
    buffer[at++] = 0
    buffer[at++] = 0
    at = putVarint(buffer, at, offsetDelta)
    at = putField(buffer, at, key)
    at = putField(buffer, at, value)
    at = putVarint(buffer, at, headers.length)
    for (const [name, bytes] of headers) at = putField(buffer, putField(buffer, at, nameBytes(name)), bytes)
  }
  return buffer
}

function putVarint(buffer: Buffer, from: number, value: number): number {
  let at = from
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  for (; rest > 0x7f; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80
  buffer[at++] = rest
  return at
}

/** Up to here a loop is faster than a call to copy; most fields of a record are shorter. */
const SHORT_BYTES = 64

/** Varint length, then the bytes; null is length -1. Returns where the field ends. */
function putField(buffer: Buffer, from: number, bytes: Buffer | null): number {
  if (bytes === null) return putVarint(buffer, from, -1)
  const sizeBytes = bytes.length
  const at = putVarint(buffer, from, sizeBytes)
  if (sizeBytes > SHORT_BYTES) buffer.set(bytes, at)
  else for (let index = 0; index < sizeBytes; index++) buffer[at + index] = bytes[index] ?? 0
  return at + sizeBytes
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
