import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { type Finding, failed, ok, skipped } from './finding.ts'
import { createReport, type ReportFormat } from './report.ts'

const SUBJECT = { group: 'acme', zone: 'public', brokers: ['kafka-1:9092'] }

function report(format: ReportFormat, findings: readonly Finding[], terminal = false) {
  const stdout = Object.assign(new PassThrough(), terminal ? { isTTY: true } : {})
  const stderr = new PassThrough()
  const made = createReport({ format, stdout, stderr, variables: {}, nameWidth: 12 })
  for (const finding of findings) made.add(finding)
  made.end(SUBJECT, 3)
  return { stdout: String(stdout.read()), stderr: String(stderr.read()) }
}

const FINDINGS: Finding[] = [
  { ...ok('kafka-1:9092', '10.0.0.1'), layer: 'dns', durationMs: 2.345 },
  {
    ...failed('kafka-1:9092', 'refused', { advice: 'start it', fault: 'connection' }),
    layer: 'tcp',
    durationMs: 1234.5,
  },
  { ...skipped('kafka-1:9092', 'because tcp failed'), layer: 'tls', durationMs: null },
]

it('writes a line for each finding and what to do below it', () => {
  const { stdout, stderr } = report('table', FINDINGS)
  expect(stdout.split('\n')).toEqual([
    'ok       dns           kafka-1:9092   2.3 ms  10.0.0.1',
    'failed   tcp           kafka-1:9092  1235 ms  refused',
    '         -> start it',
    'skipped  tls           kafka-1:9092           because tcp failed',
    '',
  ])
  expect(stderr).toBe('1 ok, 0 warning, 1 failed, 1 skipped\n')
})

it('writes one JSON document for programs', () => {
  expect(JSON.parse(report('json', FINDINGS).stdout)).toMatchObject({
    ...SUBJECT,
    exit_code: 3,
    counts: { ok: 1, warning: 0, failed: 1, skipped: 1 },
    findings: [
      { layer: 'dns', status: 'ok', advice: null, fault: null, duration_ms: 2.3 },
      {
        layer: 'tcp',
        status: 'failed',
        name: 'kafka-1:9092',
        seen: 'refused',
        advice: 'start it',
        fault: 'connection',
      },
      { layer: 'tls', status: 'skipped', duration_ms: null },
    ],
  })
})

it('lets no control sequence of others through', () => {
  const hostile: Finding = { ...ok('x', 'CN=\u001b]0;owned\u0007\nevil\u202e'), layer: 'tls', durationMs: 1 }
  const { stdout } = report('table', [hostile])
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  expect(stdout).toContain('CN=\ufffd]0;owned\ufffd evil\ufffd')
  expect(report('table', [hostile], true).stdout).toContain('\u001b[32mok')
})
