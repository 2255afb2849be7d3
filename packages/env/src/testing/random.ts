/** The choices of one simulation: the same seed makes the same choices. */
export interface Random {
  /** 0 <= value < 1 */
  next(): number
  flip(probability: number): boolean
  /** 0 <= whole number < limit */
  below(limit: number): number
  /** least <= value < most */
  between(least: number, most: number): number
  /** One of a list that may be empty. */
  oneOf<T>(list: readonly T[]): T | undefined
  bytes(sizeBytes: number): Buffer
  /** A source of its own, so that what one part draws changes nothing for the others. */
  fork(name: string): Random
}

/** mulberry32: small, fast, and good enough to choose by. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  function draw(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const next = (): number => draw() / 4_294_967_296
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    flip: (probability) => next() < probability,
    between: (least, most) => least + next() * (most - least),
    oneOf: (list) => list[below(list.length)],
    bytes(sizeBytes) {
      const bytes = Buffer.alloc(sizeBytes)
      for (let at = 0; at < sizeBytes; at += 4) {
        const word = draw()
        for (let index = at; index < Math.min(at + 4, sizeBytes); index++) bytes[index] = word >>> (8 * (index - at))
      }
      return bytes
    },
    fork: (name) => createRandom(hashOf(name, seed)),
  }
}

/** FNV-1a, mixed with the seed; neighbours in seed or name must not give neighbouring sequences. */
function hashOf(name: string, seed: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}
