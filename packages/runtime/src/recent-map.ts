/** A map that keeps what was set lately and forgets the rest. */
export interface RecentMap<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
  isEmpty(): boolean
}

/**
 * Keeps at least the last `atLeast` entries and at most twice as many: two generations, of which the older is dropped as a
 * whole. Taking the oldest entry out of one Map each time has to step over all that were taken out before.
 */
export function createRecentMap<K, V>(atLeast: number): RecentMap<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      if (young.size >= atLeast) {
        old = young
        young = new Map()
      }
      young.set(key, value)
    },
    delete(key) {
      young.delete(key)
      old.delete(key)
    },
    isEmpty: () => young.size + old.size === 0,
  }
}
