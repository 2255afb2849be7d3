import { createMatchOutput, type MatchOutput } from './match-output.ts'

/** The Java client frames Snappy blocks with this (xerial); librdkafka writes one bare block. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEAD_BYTES = 16

/** Unfolds Snappy, framed or bare (google/snappy format_description.txt); throws on broken bytes or beyond `limitBytes`. */
export function decompressSnappy(bytes: Buffer, limitBytes: number): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    const output = createMatchOutput(limitBytes)
    decompressBlock(bytes, output)
    return output.bytes()
  }
  const blocks: Buffer[] = []
  let leftBytes = limitBytes
  for (let at = XERIAL_HEAD_BYTES; at < bytes.length; ) {
    const sizeBytes = bytes.readInt32BE(at)
    at += 4
    if (sizeBytes < 0 || at + sizeBytes > bytes.length) throw new RangeError('a Snappy block is cut off')
    // Blocks stand alone: a repeat must not reach into the block before.
    const output = createMatchOutput(leftBytes)
    decompressBlock(bytes.subarray(at, at + sizeBytes), output)
    blocks.push(output.bytes())
    leftBytes -= output.bytes().length
    at += sizeBytes
  }
  return Buffer.concat(blocks)
}

function decompressBlock(block: Buffer, output: MatchOutput): void {
  let at = 0
  // The unfolded length, a varint that is not needed here.
  while (block.readUInt8(at++) >= 0x80);
  while (at < block.length) {
    const tag = block.readUInt8(at++)
    switch (tag & 0x03) {
      case 0: {
        let length = tag >> 2
        if (length >= 60) {
          const sizeBytes = length - 59
          length = block.readUIntLE(at, sizeBytes)
          at += sizeBytes
        }
        output.literals(block, at, at + length + 1)
        at += length + 1
        break
      }
      case 1:
        output.match(((tag >> 5) << 8) | block.readUInt8(at), 4 + ((tag >> 2) & 0x07))
        at += 1
        break
      case 2:
        output.match(block.readUInt16LE(at), 1 + (tag >> 2))
        at += 2
        break
      default:
        output.match(block.readUInt32LE(at), 1 + (tag >> 2))
        at += 4
    }
  }
}
