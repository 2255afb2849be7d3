import { AppError, formatPlace, isId, parsePlace, type RecordPlace } from '@kafclaw/envelope'
import { sortRecords } from './record-tree.ts'
import type { TracedRecord } from './traced-record.ts'

/** Where a trace begins: a position on the log, or a name, which may be that of a task or of a record. */
export type TraceSubject = { place: RecordPlace } | { name: string }

/** Reads `topic:partition:offset`, `topic/partition/offset`, a task id or a record id. Error: KC_USAGE. */
export function parseTraceSubject(text: string): TraceSubject {
  const subject = text.trim()
  const place = parsePlace(subject)
  if (place) return { place }
  const shown = subject.slice(0, 100)
  if (isId(subject)) return { name: subject }
  throw new AppError('KC_USAGE', `"${shown}" is no task id, record id or position like group.acme.requests:3:1042.`)
}

/** Records that can be asked for those of one decision: the database of an audit sink, or what was read from the topics. */
export interface DecisionSource {
  /**
   * All records of the decision that the subject belongs to: up to the task that nobody asked for, down over all child
   * tasks; what these records cite, with its causes; dead letters of them. In the order of appending; empty where the
   * subject is not known. At most `limit` of them, the earliest.
   */
  readDecision(subject: TraceSubject, limit: number): TracedRecord[]
}

/** The source over records in memory. */
export function createRecordSource(records: readonly TracedRecord[]): DecisionSource {
  const index = indexRecords(records)
  return {
    readDecision(subject, limit) {
      const started = startOf(subject, index)
      const tasks = downwards(upwards(tasksOf(started), index), index)
      const members = [...started, ...[...tasks].flatMap((task) => index.byTask.get(task) ?? [])]
      return sortRecords([...closure(members, (record) => neighbours(record, index))]).slice(0, limit)
    },
  }
}

interface DecisionIndex {
  byPlace: Map<string, TracedRecord[]>
  byId: Map<string, TracedRecord[]>
  byTask: Map<string, TracedRecord[]>
  byCause: Map<string, TracedRecord[]>
  byAbout: Map<string, TracedRecord[]>
  byParentTask: Map<string, TracedRecord[]>
}

function indexRecords(records: readonly TracedRecord[]): DecisionIndex {
  const by = (keyOf: (record: TracedRecord) => string | null): Map<string, TracedRecord[]> => {
    const groups = new Map<string, TracedRecord[]>()
    for (const record of records) {
      const key = keyOf(record)
      if (key === null) continue
      const group = groups.get(key)
      if (group) group.push(record)
      else groups.set(key, [record])
    }
    return groups
  }
  return {
    byPlace: by(formatPlace),
    byId: by((record) => record.id),
    byTask: by((record) => record.correlation_id),
    byCause: by((record) => record.causation_id),
    byAbout: by((record) => record.about && formatPlace(record.about)),
    byParentTask: by((record) => record.parent_task_id),
  }
}

/** The records that the subject names; one that belongs to no task leads to the one that it is about or comes from. */
function startOf(subject: TraceSubject, index: DecisionIndex): Set<TracedRecord> {
  const named =
    'place' in subject
      ? (index.byPlace.get(formatPlace(subject.place)) ?? [])
      : [...(index.byId.get(subject.name) ?? []), ...(index.byTask.get(subject.name) ?? [])]
  return closure(named, (record) => (record.correlation_id === null ? sourcesOf(record, index) : []))
}

/** Tasks of the decision towards its origin: a task was asked by its parent task, or by whatever caused its request. */
function upwards(tasks: Set<string>, index: DecisionIndex): Set<string> {
  return closure([...tasks], (task) =>
    requestsOf(task, index).flatMap((request) => [
      ...(request.parent_task_id === null ? [] : [request.parent_task_id]),
      ...tasksOf(causesOf(request, index)),
    ]),
  )
}

function downwards(tasks: Set<string>, index: DecisionIndex): Set<string> {
  return closure([...tasks], (task) => {
    const asked = (index.byTask.get(task) ?? []).flatMap((record) => index.byCause.get(record.id) ?? [])
    const requests = [...(index.byParentTask.get(task) ?? []), ...asked.filter(({ type }) => type === 'request')]
    return [...tasksOf(requests)]
  })
}

/** Around a record: its causes, what it cites, and whatever of no task names it. */
function neighbours(record: TracedRecord, index: DecisionIndex): TracedRecord[] {
  const naming = [...(index.byCause.get(record.id) ?? []), ...(index.byAbout.get(formatPlace(record)) ?? [])]
  return [
    ...sourcesOf(record, index),
    ...record.citations.flatMap((cited) => index.byPlace.get(formatPlace(cited)) ?? []),
    ...naming.filter((other) => other.correlation_id === null),
  ]
}

function sourcesOf(record: TracedRecord, index: DecisionIndex): TracedRecord[] {
  const about = record.about ? (index.byPlace.get(formatPlace(record.about)) ?? []) : []
  return [...causesOf(record, index), ...about]
}

function causesOf(record: TracedRecord, index: DecisionIndex): TracedRecord[] {
  return record.causation_id === null ? [] : (index.byId.get(record.causation_id) ?? [])
}

function requestsOf(task: string, index: DecisionIndex): TracedRecord[] {
  return (index.byTask.get(task) ?? []).filter(({ type }) => type === 'request')
}

function tasksOf(records: Iterable<TracedRecord>): Set<string> {
  return new Set([...records].flatMap((record) => (record.correlation_id === null ? [] : [record.correlation_id])))
}

function closure<T>(from: Iterable<T>, next: (item: T) => Iterable<T>): Set<T> {
  const reached = new Set(from)
  // A set is walked in the order in which it grows.
  for (const item of reached) for (const other of next(item)) reached.add(other)
  return reached
}
