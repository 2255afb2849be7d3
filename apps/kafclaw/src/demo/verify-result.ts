import { AppError, decode, deriveRecordId, formatPlace, type RawRecord, type RecordPlace } from '@kafclaw/envelope'
import { type Log, type OffsetRange, readRanges } from '@kafclaw/kafka'
import type { RecordNode } from '@kafclaw/runtime'
import { AGENTS } from './demo-group.ts'
import type { DemoResult } from './story.ts'

/**
 * Reads every position that the result names back from the log and compares; returns how many there are.
 * Error: KC_DEMO_FAILED naming the first that does not hold what is said of it, or the missing citation.
 */
export async function verifyResult(log: Log, result: DemoResult): Promise<number> {
  const nodes = flatten(result.tree)
  if (nodes.length === 0) throw failed('the audit sink knows nothing of the task')
  const places = [...nodes, ...result.citations, result.memory]
  const records = await readPlaces(log, places)
  for (const node of nodes) compareNode(node, records.get(formatPlace(node)))
  compareMemory(result, records.get(formatPlace(result.memory)))
  const cited = result.citations.find((citation) => formatPlace(citation) === formatPlace(result.memory))
  if (cited?.item_id !== result.memory.item_id) {
    throw failed(
      `the answer does not cite memory item ${result.memory.item_id} at ${formatPlace(result.memory)}; it is "${result.answer}" (the offline model looks for words: is one of the question in the fact?)`,
    )
  }
  return new Set(places.map(formatPlace)).size
}

function flatten(tree: readonly RecordNode[]): RecordNode[] {
  return tree.flatMap((node) => [node, ...flatten(node.children)])
}

/** One read of each partition, from the first position named there to the last. */
async function readPlaces(log: Log, places: readonly RecordPlace[]): Promise<Map<string, RawRecord>> {
  const ranges = new Map<string, OffsetRange>()
  for (const { topic, partition, offset } of places) {
    const key = `${topic}/${partition}`
    const known = ranges.get(key)
    const start = Math.min(known?.start ?? offset, offset)
    const end = Math.max(known?.end ?? 0, offset + 1)
    ranges.set(key, { topic, partition, start, end })
  }
  const records = await readRanges(log, [...ranges.values()])
  return new Map(records.map((record) => [formatPlace(record), record]))
}

function compareNode(node: RecordNode, record: RawRecord | undefined): void {
  const place = formatPlace(node)
  if (!record) throw failed(`there is no record at ${place}`)
  const decoded = decode(record)
  const envelope = decoded.kind === 'envelope' ? decoded.envelope : null
  const onLog = {
    id: envelope?.id ?? deriveRecordId(record),
    type: envelope?.type ?? node.type,
    sender_id: envelope?.sender_id ?? node.sender_id,
    causation_id: envelope?.causation_id ?? null,
    correlation_id: envelope?.correlation_id ?? null,
  }
  for (const [name, value] of Object.entries(onLog)) {
    const said = new Map<string, unknown>(Object.entries(node)).get(name)
    if (said !== value) throw failed(`at ${place} the tree says ${name} ${said}, the log says ${value}`)
  }
}

function compareMemory({ memory, fact }: DemoResult, record: RawRecord | undefined): void {
  const place = formatPlace(memory)
  const decoded = record && decode(record)
  if (decoded?.kind !== 'envelope' || decoded.envelope.type !== 'memory')
    throw failed(`there is no memory item at ${place}`)
  const { payload, sender_id } = decoded.envelope
  if (payload.item_id !== memory.item_id)
    throw failed(`at ${place} lies item ${payload.item_id}, not ${memory.item_id}`)
  if (sender_id !== AGENTS.author) throw failed(`item ${memory.item_id} was published by ${sender_id}`)
  if (payload.content?.trim() !== fact)
    throw failed(`item ${memory.item_id} does not say what ${AGENTS.author} was told`)
}

function failed(why: string): AppError {
  return new AppError('KC_DEMO_FAILED', `The demo does not hold: ${why}.`)
}
