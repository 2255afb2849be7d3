import { readFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeRecordBatches } from '../record-batch/decode-record-batches.ts'
import { CODECS, decompress, LARGEST_UNFOLDED_BYTES } from './codecs.ts'
import { decompressLz4Frame } from './lz4-frame.ts'
import { decompressSnappy } from './snappy.ts'

const lines = Array.from(
  { length: 30 },
  (_, index) => `${index}: one line of the records behind the golden batches, ${'again and '.repeat(index)}again`,
)

describe.each(['java', 'librdkafka'])('batches compressed by %s', (writer) => {
  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('are read when the codec is %s', (codec) => {
    const file = new URL(`../../test/golden/${writer}-${codec}.base64`, import.meta.url)
    const bytes = Buffer.from(readFileSync(file, 'utf8'), 'base64')
    const { records, nextOffset, bad } = decodeRecordBatches(bytes, { topic: 't', partition: 0, fromOffset: 0 })
    expect(bad).toBeNull()
    expect(nextOffset).toBe(30)
    expect(records.map(({ value }) => value?.toString())).toEqual(lines)
    for (const { key, headers } of records) {
      expect(key?.toString()).toBe('k')
      expect(headers).toEqual([['h', Buffer.from('v')]])
    }
  })
})

describe('what a hostile producer may send', () => {
  const zeros = Buffer.alloc(LARGEST_UNFOLDED_BYTES + 1)

  it.each([
    ['gzip', CODECS.gzip, gzipSync(zeros)],
    ['zstd', CODECS.zstd, zstdCompressSync(zeros)],
    ['lz4', CODECS.lz4, lz4Bomb()],
    ['snappy', CODECS.snappy, snappyBomb()],
  ])('does not unfold beyond 64 MiB by %s', (_name, codec, bytes) => {
    expect(bytes.length).toBeLessThan(5_000_000)
    expect(() => decompress(codec, bytes)).toThrow()
  })

  it('is refused where an LZ4 or Snappy repeat reaches before the data or the bytes are cut off', () => {
    const lz4 = frame(Buffer.from([0x10, 0x41, 0x05, 0x00]))
    expect(() => decompressLz4Frame(lz4, 1000)).toThrow('never written')
    expect(() => decompressLz4Frame(lz4.subarray(0, 9), 1000)).toThrow()
    expect(() => decompressLz4Frame(Buffer.from('not lz4 at all'), 1000)).toThrow('not an LZ4 frame')
    expect(() => decompressSnappy(Buffer.from([4, 0x05, 0x09]), 1000)).toThrow('never written')
    expect(() => decompressSnappy(Buffer.from([4, 0xf0]), 1000)).toThrow()
  })

  it('is refused in a codec that nobody knows', () => {
    expect(() => decompress(5, Buffer.alloc(1))).toThrow('codec 5')
  })
})

it('repeats a short LZ4 and Snappy pattern that overlaps what it writes', () => {
  // Two literals "ab", then 8 bytes from 2 back; the last sequence has literals only.
  const block = Buffer.from([0x24, 0x61, 0x62, 0x02, 0x00, 0x10, 0x21])
  expect(decompressLz4Frame(frame(block), 100).toString()).toBe('ababababab!')
  expect(decompressSnappy(Buffer.from([11, 0x04, 0x61, 0x62, 0x11, 0x02, 0x00, 0x21]), 100).toString()).toBe(
    'ababababab!',
  )
})

it('takes LZ4 blocks that are not compressed, block checksums and a content size', () => {
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x58 | 0x10, 0x40, 9, 0, 0, 0, 0, 0, 0, 0, 0])
  const block = Buffer.concat([Buffer.from([0x03, 0, 0, 0x80]), Buffer.from('abc'), Buffer.alloc(4)])
  expect(decompressLz4Frame(Buffer.concat([head, block, block, Buffer.alloc(4)]), 100).toString()).toBe('abcabc')
})

function frame(block: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(block.length)
  return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0]), size, block, Buffer.alloc(4)])
}

function lz4Bomb(): Buffer {
  // One literal, then one match whose length goes on for 300,000 bytes of 255.
  return frame(Buffer.concat([Buffer.from([0x1f, 0x00, 0x01, 0x00]), Buffer.alloc(300_000, 255), Buffer.from([0])]))
}

function snappyBomb(): Buffer {
  // One literal, then 64 bytes from 1 back, again and again.
  const repeats = Buffer.alloc(3 * (LARGEST_UNFOLDED_BYTES / 64 + 1))
  for (let at = 0; at < repeats.length; at += 3) {
    repeats[at] = 0xfe
    repeats[at + 1] = 1
  }
  return Buffer.concat([Buffer.from([1, 0x00, 0x00]), repeats])
}
