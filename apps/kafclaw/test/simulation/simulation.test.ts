import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { keepFailedSeeds, readFailedSeeds } from './failed-seeds.ts'
import type { SeedReport } from './run.ts'
import { runSeeds } from './seed-process.ts'
import { REACHED } from './world.ts'

// As many as one likes, at about 150 ms each on one core: KAFCLAW_SIM_SEEDS=20000
const SEEDS = Number(process.env.KAFCLAW_SIM_SEEDS ?? (process.env.CI ? 2000 : 200))
/** From so many on the runs must have come to everything. */
const ENOUGH_SEEDS = 1000
const MOST_MS_A_SEED = 5000
const FEWEST_PROCESSES = 2

const PROCESSES = Math.max(FEWEST_PROCESSES, availableParallelism())

it('keeps every promise when everything goes wrong that seeds can draw', {
  timeout: 60_000 + SEEDS * MOST_MS_A_SEED,
}, async () => {
  const reports: SeedReport[] = []
  const note = (report: SeedReport): void => void reports.push(report)
  for (const { seed } of readFailedSeeds()) await runSeeds({ first: seed, count: 1 }, note)
  await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) => {
      const count = Math.ceil((SEEDS - index) / PROCESSES)
      return count > 0 ? runSeeds({ first: 1 + index, count, step: PROCESSES }, note) : undefined
    }),
  )
  const broken = reports.filter(({ breaches }) => breaches.length > 0)
  keepFailedSeeds(broken.map(({ seed, breaches }) => ({ seed, broke: breaches.map(([kind]) => kind) })))
  if (broken.length > 0) expect.fail(broken.map(tell).join('\n'))
  const reached = new Set(reports.flatMap((report) => Object.keys(report.reached)))
  if (SEEDS >= ENOUGH_SEEDS) expect(REACHED.filter((what) => !reached.has(what))).toEqual([])
})

it('writes the same log, byte for byte, for the same seed', { timeout: 120_000 }, async () => {
  const logs = [new Map<number, string>(), new Map<number, string>()]
  // Others come first in the second process: nothing may be left behind by them.
  const series = [
    { first: 1, count: 8 },
    { first: 101, count: 3 },
    { first: 1, count: 8 },
  ]
  for (const [index, each] of series.entries()) {
    await runSeeds(each, ({ seed, log }) => logs[index === 0 ? 0 : 1]?.set(seed, log))
  }
  const [once, again] = logs
  expect(once?.size).toBe(8)
  for (const [seed, log] of once ?? []) expect(again?.get(seed), `seed ${seed}`).toBe(log)
})

/** What somebody needs who wants to know how it came to this. */
function tell({ seed, faults, breaches }: SeedReport): string {
  const promises = breaches.map(([kind, why]) => `  ${kind}: ${why}`)
  const again = `  node -C @kafclaw/source apps/kafclaw/test/simulation/run.ts --seed ${seed} --trace`
  return [`seed ${seed} (${faults.join(', ')})`, ...promises, again].join('\n')
}
