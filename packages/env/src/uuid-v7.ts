/**
 * Makes UUIDv7 strings that sort in the order of their making: 48 bits of milliseconds, then a 12 bit counter
 * (RFC 9562 section 6.2, method 1), then 62 random bits. A clock that goes back does not: the last millisecond is kept.
 */
export function createUuidV7(now: () => number, randomBytes: (sizeBytes: number) => Buffer): () => string {
  let lastMs = 0
  let counter = 0
  let time = ''

  function moveTo(timeMs: number): void {
    lastMs = timeMs
    const digits = timeMs.toString(16).padStart(12, '0')
    time = `${digits.slice(0, 8)}-${digits.slice(8)}`
  }

  return () => {
    const nowMs = now()
    const random = randomBytes(10)
    if (nowMs > lastMs) {
      moveTo(nowMs)
      // The top bit starts clear, so that a millisecond has room for at least 2,048 ids.
      counter = random.readUInt16BE(8) & 0x7ff
    } else if (++counter > 0xfff) {
      moveTo(lastMs + 1)
      counter = 0
    }
    // The variant stands in the two upper bits of the ninth byte; `random` is ours, so it may be changed in place.
    random[0] = 0x80 | ((random[0] ?? 0) & 0x3f)
    const tail = random.toString('hex', 0, 8)
    return `${time}-${(0x7000 | counter).toString(16)}-${tail.slice(0, 4)}-${tail.slice(4)}`
  }
}
