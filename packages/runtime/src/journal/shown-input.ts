import { fitsIntoRecord, sha256 } from '@kafclaw/envelope'

const MOST_BYTES = 64 * 1024
const SHOWN_CHARACTERS = 8 * 1024

/**
 * What goes into a step, as far as its intent and the question to a person can show it: of what is too large for them, or what
 * readers would refuse, the beginning, with size and hash of the whole as JSON.
 */
export function shownInput(input: unknown): unknown {
  if (input === null || input === undefined) return null
  const text = JSON.stringify(input)
  const isSmall = text.length <= MOST_BYTES / 4 || Buffer.byteLength(text) <= MOST_BYTES
  if (isSmall && fitsIntoRecord(input, text)) return input
  return { beginning: text.slice(0, SHOWN_CHARACTERS), size_bytes: Buffer.byteLength(text), sha256: sha256(text) }
}
