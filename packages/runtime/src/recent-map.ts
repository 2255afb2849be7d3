/** A map that keeps what was set lately and forgets the rest. */
export interface RecentMap<K, V> {
  get(key: K): V | undefined
  /** `weight` is 1 when missing. */
  set(key: K, value: V, weight?: number): void
  delete(key: K): void
  isEmpty(): boolean
}

/**
 * Keeps at least the last entries that together weigh `atLeast`, and at most about twice as many: two generations, of which the
 * older is dropped as a whole. Taking the oldest entry out of one Map each time has to step over all that were taken out before.
 */
export function createRecentMap<K, V>(atLeast: number): RecentMap<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  let weighs = 0
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value, weight = 1) {
      if (weighs >= atLeast) {
        old = young
        young = new Map()
        weighs = 0
      }
      young.set(key, value)
      weighs += weight
    },
    delete(key) {
      young.delete(key)
      old.delete(key)
    },
    isEmpty: () => young.size + old.size === 0,
  }
}
