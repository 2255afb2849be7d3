const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/**
 * The partition of a key, as the Java client's default partitioner finds it: toPositive(murmur2(key)) % partitions.
 * Source: org.apache.kafka.common.utils.Utils.murmur2 (32 bit, little endian, seed 0x9747b28c).
 */
export function partitionFor(key: Buffer | string, partitions: number): number {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : key
  return (murmur2(bytes) & 0x7fffffff) % partitions
}

/** 32-bit murmur2 as a signed integer, like the Java method of that name. */
export function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length
  const wordsEnd = bytes.length & ~3
  for (let at = 0; at < wordsEnd; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  for (let at = bytes.length - 1; at >= wordsEnd; at--) hash ^= bytes.readUInt8(at) << ((at - wordsEnd) * 8)
  if (wordsEnd < bytes.length) hash = Math.imul(hash, MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
