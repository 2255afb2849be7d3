import type { RawRecord } from '@kafclaw/envelope'
import { decompress } from '../codecs/codecs.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { crc32c } from './crc32c.ts'

/** A batch that cannot be read; `retry` when reading it again may help (its checksum does not match). */
export interface BadBatch {
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

const PREFIX_BYTES = 12
const OVERHEAD_BYTES = 61
const CODEC_MASK = 0x07
const APPEND_TIME_FLAG = 0x08
const CONTROL_FLAG = 0x20
const NO_BYTES = Buffer.alloc(0)

interface BatchHead {
  from: number
  to: number
  endAt: number
}

/**
 * Reads the record batches (format 2, KIP-98) of one partition out of a fetch answer, from `fromOffset` on.
 *
 * The next offset comes from the batch header, not from the last record: a compacted batch may hold fewer records than
 * offsets, or none, and control records (transaction markers) are no records. A broker cuts the last batch off where the
 * answer is full; that tail is left for the next fetch.
 */
export function decodeRecordBatches(
  bytes: Buffer,
  place: { topic: string; partition: number; fromOffset: number },
): DecodedBatches {
  const result: DecodedBatches = { records: [], nextOffset: place.fromOffset, bad: null }
  let at = 0
  while (bytes.length - at >= PREFIX_BYTES) {
    const endAt = at + PREFIX_BYTES + bytes.readInt32BE(at + 8)
    if (endAt > bytes.length) break
    const base = bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
    if (endAt < at + OVERHEAD_BYTES || bytes[at + 16] !== 2) {
      const from = Math.max(base, result.nextOffset)
      result.bad = { from, to: from + 1, reason: `record format ${bytes[at + 16] ?? 'unknown'}`, retry: false }
      return result
    }
    const head = { from: base, to: base + bytes.readInt32BE(at + 23) + 1, endAt }
    if (head.to > result.nextOffset) {
      result.bad = decodeBatch(bytes.subarray(at, endAt), head, { place, into: result.records })
      if (result.bad) return result
      result.nextOffset = head.to
    }
    at = endAt
  }
  return result
}

function decodeBatch(
  batch: Buffer,
  head: BatchHead,
  target: { place: { topic: string; partition: number; fromOffset: number }; into: RawRecord[] },
): BadBatch | null {
  const bad = (reason: string, retry: boolean): BadBatch => {
    const from = Math.max(head.from, target.place.fromOffset)
    return { from, to: Math.max(from + 1, head.to), reason, retry }
  }
  if (crc32c(batch, 21) !== batch.readUInt32BE(17)) return bad('its checksum does not match', true)
  const attributes = batch.readInt16BE(21)
  if (attributes & CONTROL_FLAG) return null
  const decoded: RawRecord[] = []
  try {
    const reader = createByteReader(decompress(attributes & CODEC_MASK, batch.subarray(OVERHEAD_BYTES)))
    const times = { baseMs: readTime(batch, 27), appendMs: attributes & APPEND_TIME_FLAG ? readTime(batch, 35) : null }
    for (let left = batch.readInt32BE(57); left > 0; left--)
      decoded.push(decodeRecord(reader, head.from, { times, place: target.place }))
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error), false)
  }
  for (const record of decoded) if (record.offset >= target.place.fromOffset) target.into.push(record)
  return null
}

function readTime(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

function decodeRecord(
  reader: ByteReader,
  baseOffset: number,
  batch: { times: { baseMs: number; appendMs: number | null }; place: { topic: string; partition: number } },
): RawRecord {
  const endAt = reader.varint() + reader.at
  reader.skip(1)
  const timestampDelta = reader.varlong()
  const offset = baseOffset + reader.varint()
  const key = reader.varintBytes()
  const value = reader.varintBytes()
  const headerCount = reader.varint()
  const headers: Array<readonly [string, Buffer]> = []
  for (let left = headerCount; left > 0; left--) headers.push([reader.varintString(), reader.varintBytes() ?? NO_BYTES])
  if (reader.at !== endAt) throw new RangeError('a record is longer or shorter than it says')
  return {
    topic: batch.place.topic,
    partition: batch.place.partition,
    offset,
    timestampMs: batch.times.appendMs ?? batch.times.baseMs + timestampDelta,
    key,
    value,
    headers,
  }
}
