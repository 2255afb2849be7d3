const MIN_TIME_MS = Date.parse('0000-01-01T00:00:00.000Z')
const MAX_TIME_MS = Date.parse('9999-12-31T23:59:59.999Z')
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const DAYS_BEFORE_1970 = 719_528
const CANONICAL_LENGTH = 24
/** Up to the dot before the milliseconds. */
const PREFIX_LENGTH = 20

/**
 * Epoch ms of an RFC 3339 time with upper case T and Z, an offset and up to nine digits of fraction allowed (cut to
 * milliseconds); null when it is none. Unlike Date.parse it does not roll 30 February over to March: every language must
 * agree on what is valid. Read by hand because each record has several.
 */
export function parseTimestamp(text: string): number | null {
  if (text === last.text) return last.timeMs
  const found = text === lastButOne.text ? lastButOne : { text, timeMs: readTimestamp(text) }
  lastButOne = last
  last = found
  return found.timeMs
}

/** Many records are of one millisecond, and each of the two times that most records have is looked at more than once. */
let last: { text: string; timeMs: number | null } = { text: '', timeMs: null }
let lastButOne = last

function readTimestamp(text: string): number | null {
  if (text.length < 20 || text.length > 35 || text.charAt(10) !== 'T') return null
  const dayMs = parseDay(text)
  const timeMs = parseTimeOfDay(text)
  const zoneAt = endOfFraction(text)
  const offsetMs = parseOffset(text, zoneAt)
  if (dayMs === null || timeMs === null || offsetMs === null) return null
  const total = dayMs + timeMs + fraction(text, zoneAt) - offsetMs
  // An offset may move the first and the last day out of what four digits of year can say.
  return total >= MIN_TIME_MS && total <= MAX_TIME_MS ? total : null
}

export function isTimestamp(text: string): boolean {
  return parseTimestamp(text) !== null
}

let lastSecond = Number.NaN
let lastPrefix = ''
let lastMs = Number.NaN
let lastText = ''

/** RFC 3339 in UTC with milliseconds; a time that it cannot say becomes the nearest that it can. */
export function formatTimestamp(timeMs: number): string {
  const wholeMs = Math.min(Math.max(Math.trunc(timeMs) || 0, MIN_TIME_MS), MAX_TIME_MS)
  // A service writes many records within one second, and several within one millisecond.
  if (wholeMs === lastMs) return lastText
  const second = Math.floor(wholeMs / 1000)
  if (second !== lastSecond) {
    lastPrefix = new Date(wholeMs).toISOString().slice(0, PREFIX_LENGTH)
    lastSecond = second
  }
  lastMs = wholeMs
  lastText = `${lastPrefix}${String(wholeMs - second * 1000).padStart(3, '0')}Z`
  return lastText
}

/** The same moment as `formatTimestamp` would write it; what is no time becomes the epoch. */
export function normalizeTimestamp(text: string): string {
  const timeMs = parseTimestamp(text)
  return timeMs !== null && text.length === CANONICAL_LENGTH && text.charAt(23) === 'Z'
    ? text
    : formatTimestamp(timeMs ?? 0)
}

function parseDay(text: string): number | null {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  if (year < 0 || month < 1 || month > 12 || text.charAt(4) !== '-' || text.charAt(7) !== '-') return null
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  if (day < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0) + (isLeap && month === 2 ? 1 : 0)) return null
  // Leap days in the years before this one; the year 0 is one of them.
  const leapDays = Math.ceil(year / 4) - Math.ceil(year / 100) + Math.ceil(year / 400)
  const dayOfYear = (DAYS_BEFORE_MONTH[month - 1] ?? 0) + (isLeap && month > 2 ? 1 : 0) + day - 1
  return (year * 365 + leapDays + dayOfYear - DAYS_BEFORE_1970) * 86_400_000
}

function parseTimeOfDay(text: string): number | null {
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return null
  if (text.charAt(13) !== ':' || text.charAt(16) !== ':') return null
  return (hour * 3600 + minute * 60 + second) * 1000
}

/** Where the zone begins: after the seconds, or after `.` and one to nine digits. */
function endOfFraction(text: string): number {
  if (text.charAt(19) !== '.') return 19
  let at = 20
  while (at < text.length && at < 29 && digits(text, at, 1) >= 0) at++
  return at === 20 ? -1 : at
}

function fraction(text: string, zoneAt: number): number {
  return zoneAt <= 19 ? 0 : digits(text.slice(20, zoneAt).padEnd(3, '0'), 0, 3)
}

function parseOffset(text: string, at: number): number | null {
  if (at < 0) return null
  const sign = text.charAt(at)
  if (sign === 'Z') return text.length === at + 1 ? 0 : null
  const hour = digits(text, at + 1, 2)
  const minute = digits(text, at + 4, 2)
  if ((sign !== '+' && sign !== '-') || text.charAt(at + 3) !== ':' || text.length !== at + 6) return null
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return null
  return (hour * 60 + minute) * 60_000 * (sign === '+' ? 1 : -1)
}

/** A number of that many ASCII digits; negative when one of them is none. */
function digits(text: string, at: number, count: number): number {
  let value = 0
  for (let index = at; index < at + count; index++) {
    const digit = text.charCodeAt(index) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}
