/** Random digits are made from a larger block: one call to the kernel serves some hundred ids. */
const BLOCK_BYTES = 2048

/**
 * Makes UUIDv7 strings that sort in the order of their making: 48 bits of milliseconds, then a 12 bit counter
 * (RFC 9562 section 6.2, method 1), then 62 random bits. A clock that goes back does not: the last millisecond is kept.
 */
export function createUuidV7(now: () => number, randomBytes: (sizeBytes: number) => Buffer): () => string {
  let lastMs = 0
  let counter = 0
  let time = ''
  let block = ''
  let used = 0

  function moveTo(timeMs: number): void {
    lastMs = timeMs
    const digits = timeMs.toString(16).padStart(12, '0')
    time = `${digits.slice(0, 8)}-${digits.slice(8)}`
  }

  function randomDigits(count: number): string {
    if (used + count > block.length) {
      block = randomBytes(BLOCK_BYTES).toString('hex')
      used = 0
    }
    used += count
    return block.slice(used - count, used)
  }

  return () => {
    const nowMs = now()
    if (nowMs > lastMs) {
      moveTo(nowMs)
      // The top bit starts clear, so that a millisecond has room for at least 2,048 ids.
      counter = Number.parseInt(randomDigits(3), 16) & 0x7ff
    } else if (++counter > 0xfff) {
      moveTo(lastMs + 1)
      counter = 0
    }
    // The variant stands in the two upper bits of its digit.
    const variant = (0x8 | (Number.parseInt(randomDigits(1), 16) & 0x3)).toString(16)
    return `${time}-${(0x7000 | counter).toString(16)}-${variant}${randomDigits(3)}-${randomDigits(12)}`
  }
}
