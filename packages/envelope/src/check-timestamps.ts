import { Format } from 'typebox/format'
import { isTimestamp } from './timestamp.ts'

/** The compiler knows the format `date-time` under this name; ours is stricter than the one it brings, which takes 30 February. */
export function useTimestamps(): void {
  Format.Set('date-time', isTimestamp)
}
