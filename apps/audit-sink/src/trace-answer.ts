import { buildRecordTree, type RecordNode, renderTree, type TracedRecord } from '@kafclaw/runtime'
import type { Gap } from './gaps.ts'

/** Room for records and tree in a response, which as a whole may have 256 KiB. */
const OUTPUT_BYTES = 160 * 1024
/** Readers refuse more than 10,000 members in a record. */
const PAGE_RECORDS = 400
const CONTENT_CHARS = 8000
/** A record that cites more fills no page of its own; the tree says nothing of the rest. */
const MOST_CITATIONS = 100

/** What the skill gives: one page of the decision. */
export interface TraceOutput {
  /** In the order of appending; what `buildRecordTree` takes. */
  records: TracedRecord[]
  /** The records of this page as a tree, one a line. Text, because readers refuse what is nested more than 32 levels deep. */
  tree: string[]
  gaps: Gap[]
  /** All records of the decision. */
  total: number
  /** Where the next page begins; null on the last. */
  next: number | null
  /** True when this page is the whole decision and nothing says that a part of it may be missing. */
  complete: boolean
  /** Why it is not complete, for people. */
  missing: string[]
}

export interface TraceFindings {
  records: readonly TracedRecord[]
  /** There are more records than were looked at. */
  isCut: boolean
  isUpToDate: boolean
  /** Index of the first record of the page. */
  from: number
  gapsAround(isWhole: boolean): Gap[]
}

/** One page of a decision, small enough for a response, which says itself what it does not have. */
export function answerTrace(found: TraceFindings): { content: string; output: TraceOutput } {
  const { records, from } = found
  const whole = buildRecordTree(records)
  const gaps = found.gapsAround(!pointsOutside(whole))
  const page = takePage(records.slice(from, from + PAGE_RECORDS).map(withFewCitations), OUTPUT_BYTES - sizeOf(gaps))
  const next = from + page.records.length < records.length ? from + page.records.length : null
  const missing = whatIsMissing({ ...found, gaps, whole, isPart: from > 0 || next !== null })
  const output = { ...page, gaps, total: records.length, next, complete: missing.length === 0, missing }
  return { content: contentOf(output), output }
}

function takePage(records: readonly TracedRecord[], budgetBytes: number): Pick<TraceOutput, 'records' | 'tree'> {
  let taken = [...records]
  for (;;) {
    const page = { records: taken, tree: renderTree(buildRecordTree(taken)) }
    const sizeBytes = sizeOf(page)
    if (sizeBytes <= budgetBytes || taken.length <= 1) return page
    taken = taken.slice(0, Math.max(1, Math.floor((taken.length * budgetBytes) / sizeBytes) - 1))
  }
}

function withFewCitations(record: TracedRecord): TracedRecord {
  return { ...record, citations: record.citations.slice(0, MOST_CITATIONS) }
}

function whatIsMissing(of: TraceFindings & { gaps: Gap[]; whole: RecordNode[]; isPart: boolean }): string[] {
  const missing: string[] = []
  if (of.isPart) missing.push('this is one page of it; ask again with input.from')
  if (of.isCut) missing.push(`it has more than ${of.records.length} records; only these were looked at`)
  if (!of.isUpToDate) missing.push('the audit had not read all of the log when it was asked')
  if (of.gaps.length > 0) missing.push('records of it may have lain where the audit has a gap')
  if (pointsOutside(of.whole)) missing.push('a record names a cause or a citation that the audit does not have')
  return missing
}

function pointsOutside(tree: readonly RecordNode[]): boolean {
  const waiting = [...tree]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.link === 'orphan' || node.id === null) return true
    waiting.push(...node.children)
  }
  return false
}

function contentOf({ tree, missing }: TraceOutput): string {
  const lines = [...missing.map((why) => `Not complete: ${why}.`), ...tree]
  const text = lines.join('\n')
  return text.length <= CONTENT_CHARS ? text : `${text.slice(0, CONTENT_CHARS)}\n… (the rest is in output.tree)`
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}
