import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { keepFailedSeeds, readFailedSeeds } from './failed-seeds.ts'
import type { SeedReport } from './run.ts'
import { countCrashes, createSweep, SWEEP_SEED } from './script.ts'
import { runSeeds } from './seed-process.ts'
import { simulate } from './simulate.ts'
import { REACHED } from './world.ts'

// As many as one likes, at about 150 ms each on one core: KAFCLAW_SIM_SEEDS=20000
const SEEDS = Number(process.env.KAFCLAW_SIM_SEEDS ?? (process.env.CI ? 2000 : 200))
/** From so many on the runs must have come to everything, and sweeps leave nothing out. */
const ENOUGH_SEEDS = 1000
const PART_OF_SWEEP = 5
const MOST_MS_A_SEED = 5000

const PROCESSES = Math.max(2, availableParallelism())

/** Every `step`-th seed up to `last`, in as many processes as there are cores. */
async function runAll(last: number, { step = 1, isSweep = false } = {}): Promise<SeedReport[]> {
  const reports: SeedReport[] = []
  const stride = step * PROCESSES
  await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) => {
      const first = 1 + index * step
      const count = Math.floor((last - first) / stride) + 1
      const series = { first, count, step: stride, isSweep }
      return count > 0 ? runSeeds(series, (report) => void reports.push(report)) : undefined
    }),
  )
  return reports
}

const isBroken = ({ breaches }: SeedReport): boolean => breaches.length > 0

it('keeps every promise when everything goes wrong that seeds can draw', {
  timeout: 60_000 + SEEDS * MOST_MS_A_SEED,
}, async () => {
  const reports: SeedReport[] = []
  for (const { seed } of readFailedSeeds()) await runSeeds({ first: seed, count: 1 }, (report) => reports.push(report))
  reports.push(...(await runAll(SEEDS)))
  const broken = reports.filter(isBroken)
  keepFailedSeeds(broken.map(({ seed, breaches }) => ({ seed, broke: breaches.map(([kind]) => kind) })))
  if (broken.length > 0) expect.fail(broken.map((report) => tell(report)).join('\n'))
  const reached = new Set(reports.flatMap((report) => Object.keys(report.reached)))
  if (SEEDS >= ENOUGH_SEEDS) expect(REACHED.filter((what) => !reached.has(what))).toEqual([])
})

it('keeps every promise wherever an agent dies between two calls to disk or log', { timeout: 600_000 }, async () => {
  const { calls, breaches } = await simulate({ seed: SWEEP_SEED, script: createSweep(null) })
  expect([...breaches]).toEqual([])
  const step = SEEDS >= ENOUGH_SEEDS ? 1 : PART_OF_SWEEP
  const reports = await runAll(countCrashes(calls), { step, isSweep: true })
  const broken = reports.filter(isBroken)
  if (broken.length > 0) expect.fail(broken.map((report) => tell(report, '--sweep ')).join('\n'))
  expect(reports.filter(({ reached }) => reached['died at a call'] === 1).length).toBeGreaterThan(reports.length / 2)
})

it('writes the same log, byte for byte, for the same seed', { timeout: 120_000 }, async () => {
  const [first, second] = [new Map<number, string>(), new Map<number, string>()]
  // Each seed that both run comes after others in one process: nothing may be left behind by them.
  await runSeeds({ first: 1, count: 8 }, ({ seed, log }) => void first.set(seed, log))
  await runSeeds({ first: 5, count: 8 }, ({ seed, log }) => void second.set(seed, log))
  for (const seed of [5, 6, 7, 8]) {
    expect(first.get(seed), `seed ${seed}`).toMatch(/^[0-9a-f]{64}$/)
    expect(second.get(seed), `seed ${seed}`).toBe(first.get(seed))
  }
})

/** What somebody needs who wants to know how it came to this. */
function tell({ seed, faults, breaches }: SeedReport, how = ''): string {
  const promises = breaches.map(([kind, why]) => `  ${kind}: ${why}`)
  const again = `  node -C @kafclaw/source apps/kafclaw/test/simulation/run.ts ${how}--seed ${seed} --trace`
  return [`seed ${seed} (${faults.join(', ')})`, ...promises, again].join('\n')
}
