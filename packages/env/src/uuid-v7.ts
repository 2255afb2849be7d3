/** Random bytes are taken from a larger block: one call to the kernel serves some hundred ids. */
const BLOCK_BYTES = 2048
const LENGTH = 36
const DIGITS = Buffer.from('0123456789abcdef')
const MOST_COUNTED = 0xfff

/**
 * Makes UUIDv7 strings that sort in the order of their making: 48 bits of milliseconds, then a 12 bit counter
 * (RFC 9562 section 6.2, method 1), then 62 random bits. A clock that goes back does not: the last millisecond is kept.
 *
 * The text is made of bytes at once: one that is joined from parts stays a tree of them, and each comparison, look-up and check of
 * the id has to walk it.
 */
export function createUuidV7(now: () => number, randomBytes: (sizeBytes: number) => Buffer): () => string {
  const text = Buffer.alloc(LENGTH, '-')
  let lastMs = 0
  let counter = 0
  let block: Buffer = Buffer.alloc(0)
  let used = 0

  /** Writes a byte as two digits. */
  function put(at: number, byte: number): void {
    text[at] = DIGITS[byte >>> 4] ?? 0
    text[at + 1] = DIGITS[byte & 0xf] ?? 0
  }

  function randomByte(): number {
    if (used === block.length) {
      block = randomBytes(BLOCK_BYTES)
      used = 0
    }
    return block[used++] ?? 0
  }

  function moveTo(timeMs: number): void {
    lastMs = timeMs
    const high = Math.floor(timeMs / 0x1_0000)
    put(0, high >>> 24)
    put(2, (high >>> 16) & 0xff)
    put(4, (high >>> 8) & 0xff)
    put(6, high & 0xff)
    put(9, (timeMs >>> 8) & 0xff)
    put(11, timeMs & 0xff)
  }

  return () => {
    const nowMs = now()
    if (nowMs > lastMs) {
      moveTo(nowMs)
      // The top bit starts clear, so that a millisecond has room for at least 2,048 ids.
      counter = ((randomByte() << 8) | randomByte()) & (MOST_COUNTED >>> 1)
    } else if (++counter > MOST_COUNTED) {
      moveTo(lastMs + 1)
      counter = 0
    }
    put(14, 0x70 | (counter >>> 8))
    put(16, counter & 0xff)
    // The variant stands in the two upper bits.
    put(19, 0x80 | (randomByte() & 0x3f))
    put(21, randomByte())
    for (let at = 24; at < LENGTH; at += 2) put(at, randomByte())
    return text.toString('latin1')
  }
}
