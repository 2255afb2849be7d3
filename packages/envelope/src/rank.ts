import { sha256 } from './derived-id.ts'

/**
 * The number by which writers rank themselves, lowest first: the first 8 bytes of SHA-256 over the parts joined by newlines,
 * as an unsigned big-endian number. For claims the parts are task id, attempt, agent id.
 */
export function rankNumber(parts: readonly string[]): bigint {
  return BigInt(`0x${sha256(parts.join('\n')).slice(0, 16)}`)
}
