import { describe, expect, it } from 'vitest'
import type { SeedReport } from '../run.ts'
import { runSeeds } from '../seed-process.ts'
import { MUTATIONS } from './mutations.ts'

/** A rule that is switched off is found out long before. */
const MOST_SEEDS = 600

describe('finds a broken promise as soon as one rule is switched off', () => {
  for (const [name, { breaks, only, seed }] of Object.entries(MUTATIONS)) {
    it(`${name}: ${breaks.join(', or ')}`, { timeout: 600_000 }, async () => {
      const broken: SeedReport[] = []
      await runSeeds({ first: seed, count: MOST_SEEDS, only, mutation: name }, (report) => {
        if (report.breaches.length > 0) broken.push(report)
      })
      const kinds = broken.flatMap(({ breaches }) => breaches.map(([kind]) => kind))
      expect(kinds).toSatisfy((found: string[]) => breaks.some((kind) => found.includes(kind)))
    })
  }
})
