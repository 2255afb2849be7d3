/** A cursor over bytes in the primitives of the Kafka protocol; every read throws RangeError where the bytes end. */
export interface ByteReader {
  readonly at: number
  readonly leftBytes: number
  int8(): number
  int16(): number
  int32(): number
  /** As a number: offsets and times are below 2^53. */
  int64(): number
  /** INT16 length, then UTF-8; -1 reads as the empty text. */
  string(): string
  /** INT32 length, then bytes; -1 reads as no bytes. */
  bytes(): Buffer
  varint(): number
  varlong(): number
  /** Varint length, then bytes; -1 is null. */
  varintBytes(): Buffer | null
  varintString(): string
  skipVarintBytes(): void
  skipVarintString(): void
  skip(sizeBytes: number): void
  /** INT32 count, then that many elements. */
  array<T>(element: () => T): T[]
}

export function createByteReader(buffer: Buffer): ByteReader {
  let at = 0
  function take(sizeBytes: number): number {
    const from = at
    if (sizeBytes < 0 || from + sizeBytes > buffer.length) throw new RangeError('the bytes end too early')
    at = from + sizeBytes
    return from
  }
  function varuint(): number {
    const first = buffer[at]
    if (first !== undefined && first < 0x80) {
      at++
      return first
    }
    let result = 0
    let factor = 1
    for (let count = 0; count < 10; count++) {
      const byte = buffer[at]
      if (byte === undefined) throw new RangeError('the bytes end in a varint')
      at++
      result += (byte & 0x7f) * factor
      if (byte < 0x80) return result
      factor *= 128
    }
    throw new RangeError('a varint is too long')
  }
  // Zigzag: even numbers are the positive half. Plain arithmetic, because a varlong does not fit into 32 bits.
  const zigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)
  const reader: ByteReader = {
    get at() {
      return at
    },
    get leftBytes() {
      return buffer.length - at
    },
    int8: () => buffer.readInt8(take(1)),
    int16: () => buffer.readInt16BE(take(2)),
    int32: () => buffer.readInt32BE(take(4)),
    int64() {
      const from = take(8)
      return buffer.readInt32BE(from) * 0x1_0000_0000 + buffer.readUInt32BE(from + 4)
    },
    string() {
      const sizeBytes = Math.max(0, reader.int16())
      const from = take(sizeBytes)
      return buffer.toString('utf8', from, from + sizeBytes)
    },
    bytes() {
      const sizeBytes = Math.max(0, reader.int32())
      const from = take(sizeBytes)
      return buffer.subarray(from, from + sizeBytes)
    },
    varint: () => zigzag(varuint()),
    varlong: () => zigzag(varuint()),
    varintBytes() {
      const sizeBytes = zigzag(varuint())
      if (sizeBytes < 0) return null
      const from = take(sizeBytes)
      return buffer.subarray(from, from + sizeBytes)
    },
    varintString() {
      const sizeBytes = zigzag(varuint())
      const from = take(sizeBytes)
      return buffer.toString('utf8', from, from + sizeBytes)
    },
    skipVarintBytes: () => void take(Math.max(0, zigzag(varuint()))),
    skipVarintString: () => void take(zigzag(varuint())),
    skip: (sizeBytes) => void take(sizeBytes),
    array(element) {
      const elements = []
      for (let left = reader.int32(); left > 0; left--) elements.push(element())
      return elements
    },
  }
  return reader
}
