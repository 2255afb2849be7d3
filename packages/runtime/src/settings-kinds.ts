import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isName, isSkillName } from '@kafclaw/envelope'
import { readAddress } from '@kafclaw/http/address'
import { formatDuration, readDuration } from './duration.ts'
import { createSecret, HIDDEN, type Secret } from './settings-secret.ts'

/** What the text of a setting may be. */
export interface Kind<T> {
  /** For the table in the docs. */
  readonly name: string
  /** What is expected, as it stands after "expected" in a message. */
  readonly expected: string
  /** Null when the text is not of this kind. */
  read(text: string): T | null
  /** The text in messages and listings, without what must not be shown there; as it is when missing. */
  show?(text: string): string
}

export const name: Kind<string> = {
  name: 'name',
  expected: 'a name of at most 63 characters a-z, 0-9, _ and -, beginning with a letter or digit',
  read: (text) => (isName(text) ? text : null),
}

/** Eight characters less than other names, because `<agent id>-memory` is the name of its indexer. */
export const agentId: Kind<string> = {
  name: 'agent id',
  expected:
    'an agent id of at most 56 characters a-z, 0-9, _ and -, beginning with a letter or digit and not ending in -memory (which is kept for memory indexers)',
  read: (text) => (isName(text) && text.length <= 56 && !text.endsWith('-memory') ? text : null),
}

export const skills: Kind<readonly string[]> = {
  name: 'list of skills',
  expected:
    'at least one skill; skills are separated by commas and are names joined by dots, for example chat,billing.refund',
  read: (text) => readList(text, (skill) => (isSkillName(skill) ? skill : null)),
}

export const brokers: Kind<readonly string[]> = {
  name: 'list of addresses',
  expected:
    'addresses host:port with a port from 1 to 65535, separated by commas, for example kafka-1:9092,kafka-2:9092',
  read: (text) => readList(text, (broker) => ((readAddress(broker)?.port ?? 0) > 0 ? broker : null)),
}

export const address: Kind<string> = {
  name: 'address',
  expected: 'an address host:port to listen on, for example 127.0.0.1:0 (port 0 takes a free one) or 0.0.0.0:9464',
  read: (text) => (readAddress(text) ? text : null),
}

export const url: Kind<string> = {
  name: 'URL',
  expected:
    'an http or https URL without user, password, query and fragment, for example https://api.openai.com/v1; the key has a setting of its own',
  read(text) {
    const parsed = URL.canParse(text) ? new URL(text) : null
    if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) return null
    if (parsed.username || parsed.password || parsed.search || parsed.hash) return null
    return text.replace(/\/+$/, '')
  },
  // A refused URL is refused because of the parts that may hold a key.
  show: (text) => text.replace(/\/\/[^/]*@/, `//${HIDDEN}@`).replace(/[?#].*$/, `?${HIDDEN}`),
}

export const secret: Kind<Secret> = {
  name: 'secret',
  expected: 'visible characters without spaces, because it travels in an HTTP header',
  read: (text) => (/^[!-~]+$/.test(text) ? createSecret(text) : null),
  show: () => HIDDEN,
}

export const text: Kind<string> = {
  name: 'text',
  expected: 'at most 200 characters on one line',
  read: (value) => (/^[^\p{Cc}]{1,200}$/u.test(value) ? value : null),
}

export const folder: Kind<string> = {
  name: 'folder',
  expected: 'a path of a folder (it is made when it is missing), not of a file',
  read(path) {
    const absolute = resolve(path)
    return statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === false ? null : absolute
  },
}

/** A file that will be there when it is needed. */
export const laterFile: Kind<string> = {
  name: 'path',
  expected: 'a path of a file',
  read: (path) => resolve(path),
}

export const readableFile: Kind<string> = {
  name: 'file',
  expected: 'a path of a file that exists and that this user can read',
  read(path) {
    const absolute = resolve(path)
    try {
      accessSync(absolute, constants.R_OK)
      return statSync(absolute).isFile() ? absolute : null
    } catch {
      return null
    }
  },
}

export function integer(min: number, max: number): Kind<number> {
  return {
    name: `whole number, ${min} to ${max}`,
    expected: `a whole number from ${min} to ${max}`,
    read(digits) {
      const value = /^\d{1,15}$/.test(digits) ? Number(digits) : -1
      return value >= min && value <= max ? value : null
    },
  }
}

export function duration(minMs: number, maxMs: number): Kind<number> {
  const range = [formatDuration(minMs), formatDuration(maxMs)]
  return {
    name: `duration, ${range.join(' to ')}`,
    expected: `a duration from ${range.join(' to ')}, a whole number and a unit (ms, s, m, h, d), for example 12s`,
    read(written) {
      const durationMs = readDuration(written)
      return durationMs !== null && durationMs >= minMs && durationMs <= maxMs ? durationMs : null
    },
  }
}

export function oneOf<const T extends string>(values: readonly T[]): Kind<T> {
  return {
    name: values.map((value) => `\`${value}\``).join(', '),
    expected: `one of ${values.join(', ')}`,
    read: (value) => values.find((allowed) => allowed === value) ?? null,
  }
}

/** Entries between commas, spaces around them and a comma at the end not counting; each one once, in order. */
function readList<T>(list: string, read: (entry: string) => T | null): readonly T[] | null {
  const entries: T[] = []
  const written = list.split(',').map((entry) => entry.trim())
  if (written.at(-1) === '') written.pop()
  for (const entry of new Set(written)) {
    const value = read(entry)
    if (value === null) return null
    entries.push(value)
  }
  return entries.length > 0 ? entries : null
}
