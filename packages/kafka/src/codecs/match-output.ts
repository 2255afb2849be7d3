/** What LZ4 and Snappy write into: bytes as they are, and repeats of bytes already written. */
export interface MatchOutput {
  literals(from: Buffer, start: number, end: number): void
  /** Repeats `length` bytes that begin `distance` before the end; the two may overlap. */
  match(distance: number, length: number): void
  bytes(): Buffer
}

/** Grows as needed and throws RangeError beyond `limitBytes`, and on a repeat of what was never written. */
export function createMatchOutput(limitBytes: number): MatchOutput {
  let buffer = Buffer.allocUnsafe(Math.min(limitBytes, 64 * 1024))
  let at = 0
  function room(sizeBytes: number): void {
    if (at + sizeBytes > limitBytes) throw new RangeError(`unfolds to more than ${limitBytes} bytes`)
    if (at + sizeBytes <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.min(limitBytes, Math.max(buffer.length * 2, at + sizeBytes)))
    buffer.copy(larger, 0, 0, at)
    buffer = larger
  }
  return {
    literals(from, start, end) {
      if (end > from.length) throw new RangeError('compressed bytes are cut off')
      room(end - start)
      at += from.copy(buffer, at, start, end)
    },
    match(distance, length) {
      if (distance === 0 || distance > at) throw new RangeError('compressed bytes repeat what was never written')
      room(length)
      // Byte by byte where source and target overlap: that is how a short pattern is repeated.
      if (distance >= length) buffer.copyWithin(at, at - distance, at - distance + length)
      else for (let index = at; index < at + length; index++) buffer[index] = buffer[index - distance] ?? 0
      at += length
    },
    bytes: () => buffer.subarray(0, at),
  }
}
