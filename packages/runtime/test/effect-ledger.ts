/** A target outside of the group that notes each effect under its key, as a billing system would. */
export interface EffectLedger {
  /** Does the effect of a key once more, unless the key has been voided. */
  act(key: string): Promise<string>
  /** What became of a key; one that has done nothing is refused from now on. */
  settle(key: string): { kind: 'happened'; receipt: string } | { kind: 'never' }
  /** Keys in the order of their effects; twice means that the effect happened twice. */
  readonly effects: readonly string[]
}

export function createEffectLedger(): EffectLedger {
  const effects: string[] = []
  const voided = new Set<string>()
  return {
    effects,
    async act(key) {
      if (voided.has(key)) throw new Error(`the key ${key} is void`)
      effects.push(key)
      return `receipt of ${key}`
    },
    settle(key) {
      if (effects.includes(key)) return { kind: 'happened', receipt: `receipt of ${key}` }
      voided.add(key)
      return { kind: 'never' }
    },
  }
}
