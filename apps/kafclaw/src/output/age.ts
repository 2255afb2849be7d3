const UNITS: ReadonlyArray<readonly [name: string, ms: number]> = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]

/** How long ago, short: the largest unit that fits, `<1s` below a second. Clocks of two machines may differ, so never negative. */
export function formatAge(ageMs: number): string {
  for (const [name, ms] of UNITS) if (ageMs >= ms) return `${Math.floor(ageMs / ms)}${name}`
  return '<1s'
}
