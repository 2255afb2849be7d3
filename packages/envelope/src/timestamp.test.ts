import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTimestamp, normalizeTimestamp, parseTimestamp } from './timestamp.ts'

const years = {
  min: new Date('0000-01-01T00:00:00.000Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
}

describe('timestamps', () => {
  it('reads what JavaScript writes, at any date', () => {
    fc.assert(
      fc.property(fc.date(years), (date) => {
        expect(parseTimestamp(date.toISOString())).toBe(date.getTime())
        expect(formatTimestamp(date.getTime())).toBe(date.toISOString())
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z'],
    ['2026-11-23T10:00:00.1Z', '2026-11-23T10:00:00.100Z'],
    ['2026-11-23T10:00:00.123456789Z', '2026-11-23T10:00:00.123Z'],
    ['2026-11-23T10:00:00.123456+05:30', '2026-11-23T04:30:00.123Z'],
    ['2026-11-23T10:00:00-08:00', '2026-11-23T18:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('takes %s for %s', (text, normal) => {
    expect(normalizeTimestamp(text)).toBe(normal)
  })

  it.each([
    '',
    '2026-11-23',
    '2026-11-23T10:00:00',
    '2026-11-23 10:00:00Z',
    '2026-11-23t10:00:00z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T10:00:60Z',
    '2026-11-23T10:00:00.Z',
    '2026-11-23T10:00:00.1234567890Z',
    '2026-11-23T10:00:00+0530',
    '2026-11-23T10:00:00Z ',
    '+002026-11-23T10:00:00Z',
    '0000-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '２026-11-23T10:00:00Z',
  ])('refuses "%s"', (text) => {
    expect(parseTimestamp(text)).toBeNull()
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e20, 1e20])(
    'formats the impossible time %s as a valid one',
    (timeMs) => {
      expect(parseTimestamp(formatTimestamp(timeMs))).not.toBeNull()
    },
  )
})
