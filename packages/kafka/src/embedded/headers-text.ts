import type { RecordHeaders } from '@kafclaw/envelope'

const NONE = '[]'

/** Headers as JSON `[[name, base64]]`: order, repeats and bytes survive. */
export function toHeadersText(headers: RecordHeaders): string {
  if (headers.length === 0) return NONE
  return JSON.stringify(headers.map(([name, value]) => [name, value.toString('base64')]))
}

export function fromHeadersText(text: string): RecordHeaders {
  if (text === NONE) return []
  const pairs: unknown = JSON.parse(text)
  if (!Array.isArray(pairs)) return []
  return pairs.map((pair): [string, Buffer] => [String(pair[0]), Buffer.from(String(pair[1]), 'base64')])
}
