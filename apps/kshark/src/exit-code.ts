import { EXIT } from '@kafclaw/runtime'
import type { Fault, Finding } from './finding.ts'

/** The deepest fault first: whoever mends it may find that the others are gone. */
const EXIT_BY_FAULT: ReadonlyArray<readonly [Fault, number]> = [
  ['settings', EXIT.usage],
  ['connection', EXIT.unreachable],
  ['access', EXIT.notAllowed],
  ['group', EXIT.notGood],
]

/** 0 when nothing failed; warnings count only where `strict` is asked for. */
export function toExitCode(findings: readonly Finding[], strict: boolean): number {
  for (const [fault, code] of EXIT_BY_FAULT) {
    if (findings.some((finding) => finding.status === 'failed' && finding.fault === fault)) return code
  }
  return strict && findings.some(({ status }) => status === 'warning') ? EXIT.notGood : EXIT.done
}
