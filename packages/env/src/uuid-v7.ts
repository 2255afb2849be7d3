/**
 * Makes UUIDv7 strings that sort in the order of their making: 48 bits of milliseconds, then a 12 bit counter
 * (RFC 9562 section 6.2, method 1), then 62 random bits. A clock that goes back does not: the last millisecond is kept.
 */
export function createUuidV7(now: () => number, randomBytes: (sizeBytes: number) => Buffer): () => string {
  let lastMs = 0
  let counter = 0
  return () => {
    const nowMs = now()
    const random = randomBytes(10)
    if (nowMs > lastMs) {
      lastMs = nowMs
      // The top bit starts clear, so that a millisecond has room for at least 2,048 ids.
      counter = random.readUInt16BE(8) & 0x7ff
    } else if (++counter > 0xfff) {
      lastMs++
      counter = 0
    }
    const bytes = Buffer.alloc(16)
    bytes.writeUIntBE(lastMs, 0, 6)
    bytes.writeUInt16BE(0x7000 | counter, 6)
    random.copy(bytes, 8, 0, 8)
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
    const hex = bytes.toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}
