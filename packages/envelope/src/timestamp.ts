const timestampRegExp = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))$/
const MAX_TIME_MS = 253_402_300_799_999

/**
 * Epoch ms of an RFC 3339 time with upper case T and Z, an offset allowed; null when it is none. Stricter than Date.parse,
 * which rolls 30 February over to March, so that every language agrees on what is valid.
 */
export function parseTimestamp(text: string): number | null {
  const match = timestampRegExp.exec(text)
  if (!match) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = match
    .slice(1)
    .map((digits) => (digits === undefined ? 0 : Number(digits)))
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return null
  const timeMs = Date.parse(text)
  // An offset may move the first and last day of the four-digit years out of what a timestamp can say.
  return timeMs >= -62_167_219_200_000 && timeMs <= MAX_TIME_MS ? timeMs : null
}

export function isTimestamp(text: string): boolean {
  return parseTimestamp(text) !== null
}

/** RFC 3339 in UTC with milliseconds; times that it cannot say become the nearest that it can. */
export function formatTimestamp(timeMs: number): string {
  return new Date(Math.min(Math.max(Math.trunc(timeMs) || 0, 0), MAX_TIME_MS)).toISOString()
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
