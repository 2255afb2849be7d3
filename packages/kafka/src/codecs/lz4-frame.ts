import { createMatchOutput, type MatchOutput } from './match-output.ts'

const MAGIC = 0x184d2204
const VERSION_MASK = 0xc0
const VERSION_1 = 0x40
const BLOCK_CHECKSUM_FLAG = 0x10
const CONTENT_SIZE_FLAG = 0x08
const DICTIONARY_FLAG = 0x01
const UNCOMPRESSED_BIT = 0x8000_0000
const SHORTEST_MATCH = 4

/**
 * Unfolds one LZ4 frame (LZ4 Frame Format 1.6), blocks linked or independent; throws on broken bytes or beyond `limitBytes`.
 * Checksums of the frame are not looked at: the record batch has its own over all of it. Written here because the living
 * libraries are native addons, which a service that is one file of JavaScript cannot carry.
 */
export function decompressLz4Frame(frame: Buffer, limitBytes: number): Buffer {
  if (frame.readUInt32LE(0) !== MAGIC) throw new RangeError('not an LZ4 frame')
  const flags = frame.readUInt8(4)
  if ((flags & VERSION_MASK) !== VERSION_1) throw new RangeError('an LZ4 frame of another version')
  if (flags & DICTIONARY_FLAG) throw new RangeError('an LZ4 frame that needs a dictionary')
  let at = 7 + (flags & CONTENT_SIZE_FLAG ? 8 : 0)
  // One output for all blocks: a match in a linked block reaches back into the block before.
  const output = createMatchOutput(limitBytes)
  for (;;) {
    const size = frame.readUInt32LE(at)
    at += 4
    if (size === 0) return output.bytes()
    const sizeBytes = size % UNCOMPRESSED_BIT
    if (at + sizeBytes > frame.length) throw new RangeError('an LZ4 block is cut off')
    const block = frame.subarray(at, at + sizeBytes)
    if (size >= UNCOMPRESSED_BIT) output.literals(block, 0, block.length)
    else decompressBlock(block, output)
    at += sizeBytes + (flags & BLOCK_CHECKSUM_FLAG ? 4 : 0)
  }
}

/** LZ4 Block Format: token, literals, then a match of at least 4 bytes; the last sequence has literals only. */
function decompressBlock(block: Buffer, output: MatchOutput): void {
  let at = 0
  const length = (nibble: number): number => {
    let total = nibble
    if (nibble !== 15) return total
    for (;;) {
      const more = block.readUInt8(at++)
      total += more
      if (more !== 255) return total
    }
  }
  while (at < block.length) {
    const token = block.readUInt8(at++)
    const literals = length(token >> 4)
    output.literals(block, at, at + literals)
    at += literals
    if (at === block.length) return
    const distance = block.readUInt16LE(at)
    at += 2
    output.match(distance, SHORTEST_MATCH + length(token & 0x0f))
  }
}
