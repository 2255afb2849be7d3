import { isUtf8 } from 'node:buffer'
import type { PoisonCode } from './errors.ts'
import { isObject } from './field-plan.ts'

export const READ_LIMIT_BYTES = 1024 * 1024
export const MAX_DEPTH = 32
export const MAX_MEMBERS = 10_000

/** Why bytes are not JSON that readers take. */
export type JsonRefusal = { ok: false; code: PoisonCode; reason: string }
export type JsonText = { ok: true; value: unknown } | JsonRefusal

const refuse = (code: PoisonCode, reason: string): JsonRefusal => ({ ok: false, code, reason })
const PROTO_REASON = 'a member is called __proto__, which is not allowed'

/**
 * Parses the bytes of a hostile JSON text (RFC 8259): at most 1 MiB, UTF-8 without byte order mark, 32 levels, 10,000 members
 * and elements, no member twice, none called `__proto__`, no number beyond what a double holds exactly.
 * Never throws.
 */
export function parseJsonText(bytes: Buffer): JsonText {
  if (bytes.length > READ_LIMIT_BYTES) {
    return refuse('KC_ENVELOPE_TOO_LARGE', `the value has ${bytes.length} bytes, ${READ_LIMIT_BYTES} are allowed`)
  }
  if (!isUtf8(bytes)) return refuse('KC_ENVELOPE_BAD_UTF8', 'the value is not UTF-8')
  const members = scan(bytes)
  if (typeof members !== 'number') return members
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (err) {
    return refuse('KC_ENVELOPE_BAD_JSON', `the value is not JSON: ${err instanceof Error ? err.message : String(err)}`)
  }
  // JSON.parse keeps the last of two equal members: fewer members than colons means that one came twice.
  const kept = countMembers(value)
  if (kept < 0) return refuse('KC_ENVELOPE_INVALID', PROTO_REASON)
  if (kept !== members) return refuse('KC_ENVELOPE_DUPLICATE_KEY', 'an object has the same member twice')
  return { ok: true, value }
}

/** Whether readers would refuse what JSON.stringify has written; null when not. */
export function findWrittenProblem(bytes: Buffer): JsonRefusal | null {
  // JSON.stringify escapes quotes in texts and nothing else of this, so only the name of a member looks like it.
  if (bytes.includes('"__proto__":')) return refuse('KC_ENVELOPE_INVALID', PROTO_REASON)
  const members = scan(bytes)
  return typeof members === 'number' ? null : members
}

/** Members of all objects in a tree of limited depth; negative when one is called `__proto__`. */
function countMembers(value: unknown): number {
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) {
      const below = countMembers(item)
      if (below < 0) return below
      count += below
    }
    return count
  }
  if (!isObject(value)) return 0
  // As JSON.parse has made it: there is nothing but members of its own.
  for (const key in value) {
    const below = key === '__proto__' ? -1 : countMembers(value[key])
    if (below < 0) return below
    count += 1 + below
  }
  return count
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/**
 * One pass over the bytes that measures what JSON.parse would build, before it does. The grammar is left to JSON.parse.
 * Gives the number of members, which is that of the colons outside of texts.
 */
function scan(bytes: Buffer): number | JsonRefusal {
  let depth = 0
  let values = 0
  let members = 0
  /** Behind an opening bracket, when nothing has come after it yet: only then is a container empty. */
  let opened = false
  let at = 0
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0
    at++
    if (byte <= 0x20) continue
    const closes = byte === CLOSE_OBJECT || byte === CLOSE_ARRAY
    if ((byte === COMMA || (opened && !closes)) && ++values > MAX_MEMBERS) {
      return refuse('KC_ENVELOPE_TOO_MANY_MEMBERS', `the value has more than ${MAX_MEMBERS} members and elements`)
    }
    opened = byte === OPEN_OBJECT || byte === OPEN_ARRAY
    if (opened && ++depth > MAX_DEPTH) {
      return refuse('KC_ENVELOPE_TOO_DEEP', `the value is nested more than ${MAX_DEPTH} levels deep`)
    }
    if (closes) depth--
    else if (byte === COLON) members++
    else if (byte === QUOTE) at = endOfString(bytes, at)
    else if (byte === MINUS || (byte >= DIGIT_0 && byte <= DIGIT_9)) {
      const end = endOfNumber(bytes, at)
      // Fifteen digits always fit; an exponent may lead out of what a double holds.
      if ((end - at >= 15 || hasExponent(bytes, at, end)) && !holdsExactly(bytes.toString('latin1', at - 1, end))) {
        return refuse('KC_ENVELOPE_UNSAFE_INTEGER', 'a number is beyond what 2^53 can count exactly')
      }
      at = end
    }
  }
  return members
}

function endOfString(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at++
  }
  return bytes.length
}

function hasExponent(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (((bytes[at] ?? 0) | 0x20) === 0x65) return true
  return false
}

function endOfNumber(bytes: Buffer, from: number): number {
  let at = from
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    const isPart =
      (byte >= DIGIT_0 && byte <= DIGIT_9) || byte === 0x2e || byte === 0x2b || byte === MINUS || (byte | 0x20) === 0x65
    if (!isPart) break
  }
  return at
}

function holdsExactly(token: string): boolean {
  const value = Number(token)
  return /[.eE]/.test(token)
    ? Number.isFinite(value) || Number.isNaN(value)
    : Number.isSafeInteger(value) || Number.isNaN(value)
}
