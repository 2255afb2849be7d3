import { expect, it } from 'vitest'
import { toExitCode } from './exit-code.ts'
import { type Fault, type Finding, failed, ok, skipped, type Verdict, warning } from './finding.ts'

const found = (...verdicts: Verdict[]): Finding[] =>
  verdicts.map((verdict) => ({ ...verdict, layer: 'topics', durationMs: 1 }))
const fault = (kind: Fault): Verdict => failed('x', 'seen', { advice: 'do', fault: kind })

it.each([
  ['settings', 2],
  ['connection', 3],
  ['access', 4],
  ['group', 1],
] as const)('a fault of %s exits %i', (kind, code) => {
  expect(toExitCode(found(ok('a', ''), fault(kind)), false)).toBe(code)
})

it('the deepest fault decides', () => {
  expect(toExitCode(found(fault('group'), fault('access'), fault('connection')), false)).toBe(3)
  expect(toExitCode(found(fault('group'), fault('access')), false)).toBe(4)
})

it('warnings count only when strict, and what was skipped never does', () => {
  const findings = found(ok('a', ''), warning('b', '', ''), skipped('c', ''))
  expect(toExitCode(findings, false)).toBe(0)
  expect(toExitCode(findings, true)).toBe(1)
  expect(toExitCode(found(skipped('c', '')), true)).toBe(0)
})
