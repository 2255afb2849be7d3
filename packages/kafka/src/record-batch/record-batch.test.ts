import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'
import { decodeRecordBatches } from './decode-record-batches.ts'
import {
  encodeRecordBatch,
  encodeRecords,
  LARGEST_BATCH_BYTES,
  loneBatchBytes,
  NO_PRODUCER,
  type RecordContent,
} from './encode-record-batch.ts'

const place = { topic: 't', partition: 3, fromOffset: 0 }

function batchOf(records: readonly RecordContent[], baseOffset = 0, timestampMs = 1_700_000_000_000): Buffer {
  const batch = encodeRecordBatch(encodeRecords(records), {
    count: records.length,
    codec: 0,
    timestampMs,
    stamp: NO_PRODUCER,
  })
  batch.writeInt32BE(baseOffset, 4)
  return batch
}

function content(value: string): RecordContent {
  return { key: Buffer.from('k'), value: Buffer.from(value), headers: [] }
}

/** Changes what the checksum covers, and the checksum with it. */
function altered(batch: Buffer, change: (batch: Buffer) => void): Buffer {
  const copy = Buffer.from(batch)
  change(copy)
  copy.writeUInt32BE(crc32c(copy, 21), 17)
  return copy
}

describe('a record batch', () => {
  const bytes = fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  )
  const records = fc.array(
    fc.record({
      key: bytes,
      value: bytes,
      headers: fc.array(
        fc.tuple(
          fc.string({ maxLength: 20, unit: 'grapheme' }),
          fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
        ),
        { maxLength: 4 },
      ),
    }),
    { minLength: 1, maxLength: 20 },
  )

  it('is read as it was written, whatever the bytes', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 2 ** 31 - 100 }), (written, baseOffset) => {
        const decoded = decodeRecordBatches(batchOf(written, baseOffset), { ...place, fromOffset: baseOffset })
        expect(decoded.bad).toBeNull()
        expect(decoded.nextOffset).toBe(baseOffset + written.length)
        expect(decoded.records.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(written)
        expect(decoded.records.map(({ offset }) => offset)).toEqual(written.map((_, index) => baseOffset + index))
      }),
    )
  })

  it('is as large as was reckoned', () => {
    fc.assert(
      fc.property(records, ([first]) => first !== undefined && loneBatchBytes(first) === batchOf([first]).length),
    )
    expect(loneBatchBytes({ key: null, value: Buffer.alloc(LARGEST_BATCH_BYTES), headers: [] })).toBeGreaterThan(
      LARGEST_BATCH_BYTES,
    )
  })

  it('means the same to the decoder of kafkajs', async () => {
    const require = createRequire(import.meta.url)
    const Decoder = require('kafkajs/src/protocol/decoder')
    const decode = require('kafkajs/src/protocol/recordBatch/v0/decoder')
    const batch = batchOf([{ key: null, value: Buffer.from('x'), headers: [['h', Buffer.from('v')]] }, content('y')], 7)
    const { records: theirs } = await decode(new Decoder(batch))
    expect(theirs).toMatchObject([
      { offset: '7', key: null, value: Buffer.from('x'), headers: { h: Buffer.from('v') }, timestamp: '1700000000000' },
      { offset: '8', key: Buffer.from('k'), value: Buffer.from('y') },
    ])
  })

  it('is checked by the Castagnoli polynomial', () => {
    // RFC 3720, appendix B.4.
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  })
})

describe('a fetch answer', () => {
  it('begins at the offset asked for, also in the middle of a batch', () => {
    const bytes = batchOf(['a', 'b', 'c'].map(content), 10)
    const { records, nextOffset } = decodeRecordBatches(bytes, { ...place, fromOffset: 11 })
    expect(records.map(({ offset }) => offset)).toEqual([11, 12])
    expect(nextOffset).toBe(13)
  })

  it('goes on behind a batch that compaction has emptied, and behind the holes in one', () => {
    const hollow = altered(batchOf([content('a')], 4), (batch) => batch.writeInt32BE(5, 23))
    const empty = altered(batchOf([], 10), (batch) => batch.writeInt32BE(9, 23))
    const bytes = Buffer.concat([hollow, empty, batchOf([content('z')], 20)])
    expect(decodeRecordBatches(empty, { ...place, fromOffset: 10 })).toEqual({ records: [], nextOffset: 20, bad: null })
    const { records, nextOffset } = decodeRecordBatches(bytes, { ...place, fromOffset: 4 })
    expect(records.map(({ offset }) => offset)).toEqual([4, 20])
    expect(nextOffset).toBe(21)
  })

  it('hands on no transaction markers, and goes on behind them', () => {
    const marker = altered(batchOf([content('marker')], 1), (batch) => batch.writeInt16BE(0x30, 21))
    const { records, nextOffset } = decodeRecordBatches(Buffer.concat([batchOf([content('a')]), marker]), place)
    expect(records.map(({ value }) => value?.toString())).toEqual(['a'])
    expect(nextOffset).toBe(2)
  })

  it('leaves a batch that is cut off for the next fetch', () => {
    const bytes = Buffer.concat([batchOf([content('a')]), batchOf([content('b')], 1)])
    for (const missing of [1, 40, 70]) {
      const { records, nextOffset, bad } = decodeRecordBatches(bytes.subarray(0, bytes.length - missing), place)
      expect([records.length, nextOffset, bad]).toEqual([1, 1, null])
    }
  })

  it('takes the time of appending where the topic says so, else that of the producer', () => {
    const batch = altered(batchOf([content('a')]), (bytes) => bytes.writeBigInt64BE(1_800_000_000_000n, 35))
    expect(decodeRecordBatches(batch, place).records[0]?.timestampMs).toBe(1_700_000_000_000)
    const appended = altered(batch, (bytes) => bytes.writeInt16BE(0x08, 21))
    expect(decodeRecordBatches(appended, place).records[0]?.timestampMs).toBe(1_800_000_000_000)
  })

  it('stops before a batch with a wrong checksum, which may be read again', () => {
    const broken = batchOf([content('b')], 1)
    broken[68] = 0xee
    const { records, nextOffset, bad } = decodeRecordBatches(Buffer.concat([batchOf([content('a')]), broken]), place)
    expect([records.length, nextOffset]).toEqual([1, 1])
    expect(bad).toMatchObject({ from: 1, to: 2, retry: true })
  })

  it('stops before a batch that nobody can read', () => {
    const unknownCodec = altered(batchOf(['a', 'b'].map(content)), (batch) => batch.writeInt16BE(5, 21))
    expect(decodeRecordBatches(unknownCodec, place).bad).toMatchObject({ from: 0, to: 2, retry: false })
    const tooMany = altered(batchOf([content('a')]), (batch) => batch.writeInt32BE(1_000, 57))
    expect(decodeRecordBatches(tooMany, place).bad).toMatchObject({ from: 0, to: 1, retry: false })
    const old = Buffer.alloc(40)
    old.writeInt32BE(28, 8)
    expect(decodeRecordBatches(old, place).bad).toMatchObject({
      from: 0,
      to: 1,
      retry: false,
      reason: 'record format 0 is not supported',
    })
  })

  it('never takes a first batch that claims to be longer than the answer for the end of the log', () => {
    const long = batchOf([content('a')])
    long.writeInt32BE(100_000, 8)
    expect(decodeRecordBatches(long, place).bad).toMatchObject({ from: 0, to: 1, retry: true })
  })

  it('never takes a batch whose header was damaged for one that was read before', () => {
    const damaged = batchOf([content('a')], 5)
    damaged.writeInt32BE(-3, 23)
    const { nextOffset, bad } = decodeRecordBatches(damaged, { ...place, fromOffset: 5 })
    expect(nextOffset).toBe(5)
    expect(bad).toMatchObject({ from: 5, to: 6, retry: true })
  })

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const { nextOffset } = decodeRecordBatches(Buffer.from(noise), place)
        expect(nextOffset).toBeGreaterThanOrEqual(0)
      }),
    )
    fc.assert(
      fc.property(fc.nat(150), fc.nat(255), (at, byte) => {
        const batch = altered(batchOf(['a', 'b'].map(content)), (bytes) => {
          if (at >= 21 && at < bytes.length) bytes[at] = byte
        })
        expect(() => decodeRecordBatches(batch, place)).not.toThrow()
      }),
    )
  })
})
