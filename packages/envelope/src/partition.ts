const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/**
 * The partition of a key, as the Java client's default partitioner finds it: toPositive(murmur2(key)) % partitions.
 * Source: org.apache.kafka.common.utils.Utils.murmur2 (32 bit, little endian, seed 0x9747b28c).
 */
export function partitionFor(key: Buffer | string, partitions: number): number {
  return ((typeof key === 'string' ? murmur2OfText(key) : murmur2(key)) & 0x7fffffff) % partitions
}

/** Keys are mostly short, and each is looked at several times on its way. */
const SCRATCH = Buffer.alloc(1024)
const MOST_UTF8_BYTES_PER_UNIT = 3

function murmur2OfText(text: string): number {
  if (text.length * MOST_UTF8_BYTES_PER_UNIT > SCRATCH.length) return murmur2(Buffer.from(text))
  return murmur2(SCRATCH, SCRATCH.write(text))
}

/** 32-bit murmur2 of the first `sizeBytes` as a signed integer, like the Java method of that name. */
export function murmur2(bytes: Buffer, sizeBytes = bytes.length): number {
  let hash = SEED ^ sizeBytes
  const wordsEnd = sizeBytes & ~3
  for (let at = 0; at < wordsEnd; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  for (let at = sizeBytes - 1; at >= wordsEnd; at--) hash ^= bytes.readUInt8(at) << ((at - wordsEnd) * 8)
  if (wordsEnd < sizeBytes) hash = Math.imul(hash, MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
