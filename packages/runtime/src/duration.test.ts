import { expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

it.each([
  ['0ms', 0],
  ['500ms', 500],
  ['12s', 12_000],
  ['10m', 600_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
])('reads %s', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs)
  expect(parseDuration(formatDuration(durationMs))).toBe(durationMs)
})

it.each(['', '12', 's', '1.5s', '-1s', '1 s', '1w', '1M', '1m30s', '99999999999s'])('refuses "%s"', (text) => {
  expect(() => parseDuration(text)).toThrow(
    expect.objectContaining({ code: 'KC_USAGE', message: expect.stringContaining(`"${text}" is not a duration`) }),
  )
})

it('writes a duration in its largest whole unit', () => {
  expect([90_000, 3_600_000, 1_500, 604_800_000, 0].map(formatDuration)).toEqual(['90s', '1h', '1500ms', '7d', '0ms'])
})
