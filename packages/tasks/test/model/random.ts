/** The choices of one schedule: the same seed makes the same choices. */
export interface Random {
  /** 0 <= value < 1 */
  next(): number
  flip(probability: number): boolean
  below(limit: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  /** One of a list that may be empty. */
  oneOf<T>(list: readonly T[]): T | undefined
}

/** mulberry32: small, fast, and good enough to choose by. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    flip: (probability) => next() < probability,
    pick: (list) => list[below(list.length)] ?? list[0],
    oneOf: (list) => list[below(list.length)],
  }
}
