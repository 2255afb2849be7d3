const UNITS: ReadonlyArray<readonly [unit: string, ms: number]> = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]

/** A length of time for people, in the largest unit that fits; milliseconds below a second. */
export function formatAge(ageMs: number): string {
  const fits = UNITS.find(([, ms]) => ageMs >= ms)
  return fits ? `${Math.floor(ageMs / fits[1])} ${fits[0]}` : `${Math.round(ageMs)} ms`
}
