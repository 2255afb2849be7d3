import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { Finding, Status } from './finding.ts'

export type ReportFormat = 'table' | 'json'

/** A stream that may be a terminal. */
export type ReportStream = Writable & { readonly isTTY?: boolean }

export interface ReportOptions {
  format: ReportFormat
  stdout: ReportStream
  stderr: ReportStream
  variables: Readonly<Record<string, string | undefined>>
  /** Widest name that will come, for the columns; lines are written as they are found. */
  nameWidth: number
}

/** What was asked to be checked, for programs. */
interface ReportSubject {
  group: string | null
  zone: string | null
  brokers: readonly string[]
}

/** Tells findings: as lines on stdout while they come, or as one JSON document at the end; the summary goes to stderr. */
export interface Report {
  add(finding: Finding): void
  end(subject: ReportSubject, exitCode: number): void
}

const STYLES = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const
const STATUS_WIDTH = 7
const LAYER_WIDTH = 12
const DURATION_WIDTH = 7
const GAP = '  '

export function createReport({ format, stdout, stderr, variables, nameWidth }: ReportOptions): Report {
  const findings: Finding[] = []
  // https://no-color.org
  const mayColour = stdout.isTTY === true && !variables.NO_COLOR && variables.TERM !== 'dumb'
  const paint = (status: Status, text: string): string =>
    mayColour ? styleText(STYLES[status], text, { validateStream: false }) : text
  const indent = ' '.repeat(STATUS_WIDTH + GAP.length)

  function lines(finding: Finding): string {
    const columns = [
      paint(finding.status, finding.status.padEnd(STATUS_WIDTH)),
      finding.layer.padEnd(LAYER_WIDTH),
      oneLine(finding.name).padEnd(nameWidth),
      formatDuration(finding.durationMs).padStart(DURATION_WIDTH),
      oneLine(finding.seen),
    ]
    const advice = 'advice' in finding ? `${indent}-> ${oneLine(finding.advice)}\n` : ''
    return `${columns.join(GAP)}\n${advice}`
  }

  return {
    add(finding) {
      findings.push(finding)
      if (format === 'table') stdout.write(lines(finding))
    },
    end(subject, exitCode) {
      const counts = countStatus(findings)
      if (format === 'json') {
        const document = { ...subject, exit_code: exitCode, counts, findings: findings.map(toJson) }
        stdout.write(`${JSON.stringify(document, null, 2)}\n`)
      }
      stderr.write(
        `${Object.entries(counts)
          .map(([status, count]) => `${count} ${status}`)
          .join(', ')}\n`,
      )
    },
  }
}

function countStatus(findings: readonly Finding[]): Record<Status, number> {
  const counts: Record<Status, number> = { ok: 0, warning: 0, failed: 0, skipped: 0 }
  for (const { status } of findings) counts[status]++
  return counts
}

function toJson(finding: Finding) {
  return {
    layer: finding.layer,
    name: finding.name,
    status: finding.status,
    seen: finding.seen,
    advice: 'advice' in finding ? finding.advice : null,
    fault: finding.status === 'failed' ? finding.fault : null,
    duration_ms: finding.durationMs === null ? null : Math.round(finding.durationMs * 10) / 10,
  }
}

function formatDuration(durationMs: number | null): string {
  if (durationMs === null) return ''
  return durationMs < 10 ? `${durationMs.toFixed(1)} ms` : `${Math.round(durationMs)} ms`
}

/** Names and reasons come from others: nothing in them may steer a terminal or break a line. */
function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
    .trim()
}
