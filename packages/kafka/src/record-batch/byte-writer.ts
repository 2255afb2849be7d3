/** A growing buffer with the primitives of the Kafka protocol, big endian. */
export interface ByteWriter {
  readonly sizeBytes: number
  int8(value: number): void
  int16(value: number): void
  int32(value: number): void
  /** Any whole number below 2^53. */
  int64(value: number): void
  /** INT16 length, then UTF-8. */
  string(text: string): void
  raw(bytes: Buffer): void
  /** Overwrites an INT32 that was written before. */
  patchInt32(at: number, value: number): void
  patchUInt32(at: number, value: number): void
  bytes(): Buffer
}

export function createByteWriter(firstSizeBytes = 512): ByteWriter {
  let buffer = Buffer.allocUnsafe(firstSizeBytes)
  let at = 0
  function room(sizeBytes: number): void {
    if (at + sizeBytes <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + sizeBytes))
    buffer.copy(larger, 0, 0, at)
    buffer = larger
  }
  const writer: ByteWriter = {
    get sizeBytes() {
      return at
    },
    int8(value) {
      room(1)
      at = buffer.writeInt8(value, at)
    },
    int16(value) {
      room(2)
      at = buffer.writeInt16BE(value, at)
    },
    int32(value) {
      room(4)
      at = buffer.writeInt32BE(value, at)
    },
    int64(value) {
      room(8)
      at = buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), at)
      at = buffer.writeUInt32BE(value >>> 0, at)
    },
    string(text) {
      const sizeBytes = Buffer.byteLength(text)
      room(2 + sizeBytes)
      at = buffer.writeInt16BE(sizeBytes, at)
      at += buffer.write(text, at, 'utf8')
    },
    raw(bytes) {
      room(bytes.length)
      at += bytes.copy(buffer, at)
    },
    patchInt32: (position, value) => void buffer.writeInt32BE(value, position),
    patchUInt32: (position, value) => void buffer.writeUInt32BE(value, position),
    bytes: () => buffer.subarray(0, at),
  }
  return writer
}
