import { parseDuration } from '@kafclaw/runtime'

/** Milliseconds of `200ms`, `3 leases` or `1.3 leases + 1500ms`; a bare number is milliseconds. */
export function parseTime(text: string, leaseMs: number): number {
  return text
    .split('+')
    .map((part) => part.trim())
    .reduce((sum, part) => sum + parsePart(part, leaseMs), 0)
}

function parsePart(part: string, leaseMs: number): number {
  const leases = /^(\d+(?:\.\d+)?) leases?$/.exec(part)?.[1]
  if (leases !== undefined) return Number(leases) * leaseMs
  return /^\d+$/.test(part) ? Number(part) : parseDuration(part)
}
