/** Hands out slices of a larger block of random bytes: one call to the kernel serves some hundred ids. */
export function createRandomPool(
  fill: (sizeBytes: number) => Buffer,
  blockBytes = 4096,
): (sizeBytes: number) => Buffer {
  let block: Buffer = Buffer.alloc(0)
  let used = 0
  return (sizeBytes) => {
    if (sizeBytes > blockBytes) return fill(sizeBytes)
    if (used + sizeBytes > block.length) {
      block = fill(blockBytes)
      used = 0
    }
    const slice = block.subarray(used, used + sizeBytes)
    used += sizeBytes
    return slice
  }
}
