import { formatPlace, type RecordPlace } from '@kafclaw/envelope'
import type { CitedRecord, TracedRecord } from './traced-record.ts'

/**
 * How a record hangs in the tree. Below another record: `cause` (it names its id), `place` (it names its position),
 * `task` (it names its task or the parent task only), `citation` (a memory record that the record above used).
 * At the top: `origin` (nothing caused it), `orphan` (what it names is not among the records), `cycle` (it is among its own causes).
 */
export type TreeLink = 'cause' | 'place' | 'task' | 'citation' | 'origin' | 'orphan' | 'cycle'

/** One record of the tree of what happened. */
export interface RecordNode extends RecordPlace {
  /** Null only for a cited record that is not among the records. */
  id: string | null
  type: string | null
  sender_id: string | null
  recipient_id: string | null
  causation_id: string | null
  correlation_id: string | null
  summary: string
  link: TreeLink
  children: RecordNode[]
}

/**
 * Makes the tree of what happened: every record hangs below its cause, else below the request of its task or parent task.
 * A memory record that a trace record or response cites is shown below each of them; a response repeats none that a step of
 * its task has. Order: append time, then place. The result does not depend on the order of the input.
 */
export function buildRecordTree(records: readonly TracedRecord[]): RecordNode[] {
  const sorted = sortRecords(records)
  const index = indexRecords(sorted)
  const parents = new Map(sorted.map((record) => [record, findParent(record, index)]))
  for (const record of circular(sorted, parents)) parents.set(record, { link: 'cycle' })

  const nodes = new Map(sorted.map((record) => [record, toNode(record, parents.get(record)?.link ?? 'origin')]))
  const cited = citedBy(sorted, index)
  const shown = new Set([...cited.values()].flat().map(formatPlace))
  const roots: RecordNode[] = []
  for (const [record, node] of nodes) {
    const above = parents.get(record)?.above
    const siblings = above ? nodes.get(above)?.children : roots
    // What somebody cites is seen there; at the top it would only tear the story apart.
    if (above || record.type !== 'memory' || !shown.has(formatPlace(record))) siblings?.push(node)
  }
  for (const [record, places] of cited) {
    const found = places.map((place) => citationNode(place, index.byPlace.get(formatPlace(place))))
    nodes.get(record)?.children.unshift(...found)
  }
  return roots
}

interface Parent {
  link: TreeLink
  above?: TracedRecord
}

interface RecordIndex {
  byId: ReadonlyMap<string, TracedRecord>
  byPlace: ReadonlyMap<string, TracedRecord>
  /** First request of each task. */
  requests: ReadonlyMap<string, TracedRecord>
}

/** Records of one task within a millisecond are told in the order in which a task goes. */
const STAGES = ['request', 'task_status', 'trace', 'memory', 'response']

/** In the order in which they were appended, each place once. */
export function sortRecords(records: readonly TracedRecord[]): TracedRecord[] {
  const unique = new Map(records.map((record) => [formatPlace(record), record]))
  return [...unique.values()].sort(
    (a, b) =>
      a.timestamp_ms - b.timestamp_ms ||
      STAGES.indexOf(a.type ?? '') - STAGES.indexOf(b.type ?? '') ||
      compareText(a.topic, b.topic) ||
      a.partition - b.partition ||
      a.offset - b.offset,
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function indexRecords(sorted: readonly TracedRecord[]): RecordIndex {
  const byId = new Map<string, TracedRecord>()
  const byPlace = new Map<string, TracedRecord>()
  const requests = new Map<string, TracedRecord>()
  for (const record of sorted) {
    byPlace.set(formatPlace(record), record)
    // A record that was sent twice has two places and one id: what it caused hangs below the first.
    if (!byId.has(record.id)) byId.set(record.id, record)
    const task = record.correlation_id
    if (record.type === 'request' && task !== null && !requests.has(task)) requests.set(task, record)
  }
  return { byId, byPlace, requests }
}

function findParent(record: TracedRecord, { byId, byPlace, requests }: RecordIndex): Parent {
  const { causation_id, about, parent_task_id, correlation_id } = record
  const below = (above: TracedRecord | undefined, link: TreeLink): Parent | null =>
    above && above !== record ? { link, above } : null
  const parent =
    below(causation_id === null ? undefined : byId.get(causation_id), 'cause') ??
    below(about === null ? undefined : byPlace.get(formatPlace(about)), 'place') ??
    below(correlation_id === null ? undefined : requests.get(correlation_id), 'task') ??
    below(parent_task_id === null ? undefined : requests.get(parent_task_id), 'task')
  if (parent) return parent
  const belongsToTask = record.type !== 'request' && correlation_id !== null
  const namesSomething = causation_id !== null || about !== null || parent_task_id !== null || belongsToTask
  return { link: namesSomething ? 'orphan' : 'origin' }
}

/** Of each circle of causes the record that was appended first, from which it is then told. */
function circular(sorted: readonly TracedRecord[], parents: ReadonlyMap<TracedRecord, Parent>): Set<TracedRecord> {
  const order = new Map(sorted.map((record, at) => [record, at]))
  const settled = new Set<TracedRecord>()
  const first = new Set<TracedRecord>()
  for (const start of sorted) {
    const path: TracedRecord[] = []
    const onPath = new Set<TracedRecord>()
    let at: TracedRecord | undefined = start
    while (at && !settled.has(at) && !onPath.has(at)) {
      path.push(at)
      onPath.add(at)
      at = parents.get(at)?.above
    }
    if (at && onPath.has(at)) {
      const circle = path.slice(path.indexOf(at))
      first.add(circle.reduce((a, b) => ((order.get(b) ?? 0) < (order.get(a) ?? 0) ? b : a)))
    }
    for (const record of path) settled.add(record)
  }
  return first
}

/** What is shown as cited, by the record that cites it. */
function citedBy(sorted: readonly TracedRecord[], index: RecordIndex): Map<TracedRecord, CitedRecord[]> {
  const cited = new Map<TracedRecord, CitedRecord[]>()
  const inSteps = new Set<string>()
  for (const record of sorted) {
    for (const place of record.citations) if (record.type === 'trace') inSteps.add(inTask(record, place))
  }
  for (const record of sorted) {
    const places = new Map(record.citations.map((place) => [formatPlace(place), place]))
    for (const [text, place] of places) {
      if (record.type === 'response' && inSteps.has(inTask(record, place))) places.delete(text)
      // Below itself, or below what it caused, it would not end.
      if (index.byPlace.get(text) === record) places.delete(text)
    }
    if (places.size > 0) cited.set(record, [...places.values()])
  }
  return cited
}

function inTask(record: TracedRecord, place: RecordPlace): string {
  return `${record.correlation_id}\n${formatPlace(place)}`
}

function toNode(record: TracedRecord, link: TreeLink): RecordNode {
  const { id, type, sender_id, recipient_id, topic, partition, offset, causation_id, correlation_id, summary } = record
  return {
    id,
    type,
    sender_id,
    recipient_id,
    topic,
    partition,
    offset,
    causation_id,
    correlation_id,
    summary,
    link,
    children: [],
  }
}

/** A leaf: what the memory record caused is told where the record itself stands. */
function citationNode(cited: CitedRecord, record: TracedRecord | undefined): RecordNode {
  if (record) return toNode(record, 'citation')
  const { topic, partition, offset, author, title, item_id } = cited
  return {
    id: null,
    type: 'memory',
    sender_id: author,
    recipient_id: null,
    topic,
    partition,
    offset,
    causation_id: null,
    correlation_id: null,
    summary: `${title ?? item_id} (the record is not at hand)`,
    link: 'citation',
    children: [],
  }
}
