import { AppError } from '@kafclaw/envelope'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const DURATION = /^(?<count>\d{1,9})(?<unit>ms|s|m|h|d)$/

/** Milliseconds of a duration: a whole number and a unit, `500ms`, `12s`, `10m`, `24h` or `7d`; null when it is none. */
export function readDuration(text: string): number | null {
  const groups = DURATION.exec(text)?.groups
  const unitMs = UNIT_MS[groups?.unit as keyof typeof UNIT_MS]
  return unitMs === undefined ? null : Number(groups?.count) * unitMs
}

/** Milliseconds of a duration, as `readDuration`. Error: KC_USAGE, with what a duration looks like. */
export function parseDuration(text: string): number {
  const durationMs = readDuration(text)
  if (durationMs !== null) return durationMs
  const message = `"${text}" is not a duration: write a whole number and a unit, for example 500ms, 12s, 10m, 24h or 7d`
  throw new AppError('KC_USAGE', message)
}

/** The shortest text that `parseDuration` reads as `durationMs`. */
export function formatDuration(durationMs: number): string {
  const fits = Object.entries(UNIT_MS).findLast(([, unitMs]) => durationMs >= unitMs && durationMs % unitMs === 0)
  return fits ? `${durationMs / fits[1]}${fits[0]}` : `${durationMs}ms`
}
