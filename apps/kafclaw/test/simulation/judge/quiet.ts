import { parseTopicName, topicName } from '@kafclaw/envelope'
import type { OffsetRange } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import type { Machine } from '../machine.ts'
import { DATA, SCOPE } from '../stage.ts'
import type { World } from '../world.ts'

const TRACKED = (['requests', 'tasks_status', 'responses', 'dlq'] as const).map((kind) => topicName(SCOPE, kind))

/** Whether every task has ended, everybody has read everything, and nobody has anything left to send. Else why not. */
export function whyNotQuiet(world: World, machines: readonly Machine[]): string | null {
  const open = [...world.book.open]
  if (open.length > 0) return `open: ${open.join(', ')}`
  const ranges = world.broker.ranges()
  for (const machine of machines) {
    const isJudged = machine.name !== 'client' && !machine.isReplaced() && !machine.isUnused()
    const why = isJudged ? whyBusy(machine, ranges) : null
    if (why) return `${machine.name}: ${why}`
  }
  const left = new Set(machines.filter((machine) => machine.process()).map(({ id }) => id))
  const gone = machines.find(({ id }) => !left.has(id))
  return gone ? `no boot of ${gone.id} is left` : null
}

function whyBusy({ id, files, process }: Machine, ranges: readonly OffsetRange[]): string | null {
  if (!process()) return 'does not run'
  const { stateDb, auditDb, memoryDb } = DATA.member(id)
  const state = files.peek(stateDb)
  if (!state) return 'has no state'
  const waiting = state.prepare<[], { n: number }>('select count(*) as n from outbox').get()?.n ?? 0
  if (waiting > 0) return `${waiting} records wait in the outbox`
  const next = new Map(
    state
      .prepare<[], { topic: string; partition: number; next_offset: number }>('select * from position')
      .all()
      .map((row) => [`${row.topic}/${row.partition}`, row.next_offset]),
  )
  const behind = ranges.find(
    ({ topic, partition, end }) => TRACKED.includes(topic) && (next.get(`${topic}/${partition}`) ?? 0) < end,
  )
  if (behind) return `has not read ${behind.topic}/${behind.partition} up to ${behind.end}`
  const audit = files.peek(auditDb)
  if (audit) {
    const at = audit.prepare<[string, number], { next_offset: number }>(
      'select next_offset from coverage where topic = ? and "partition" = ?',
    )
    // Beats go on and on.
    const open = ranges.find(
      ({ topic, partition, end }) =>
        parseTopicName(topic)?.kind !== 'announce' && (at.get(topic, partition)?.next_offset ?? 0) < end,
    )
    if (open) return `the audit has not read ${open.topic}`
  }
  const memory = files.peek(memoryDb)
  if (memory) {
    const topic = topicName(SCOPE, 'memory_shared')
    const read = memory
      .prepare<[string], { value: string }>('select value from meta where name = ?')
      .get(`position/${topic}/0`)
    const end = ranges.find((range) => range.topic === topic)?.end ?? 0
    if (Number(read?.value ?? 0) < end) return 'the index has not read everything'
    if (countUnembedded(memory) > 0) return 'the index has chunks without vectors'
  }
  return null
}

function countUnembedded(memory: Db): number {
  const sql =
    'select count(*) as n from chunk where not exists (select 1 from embedding where embedding.chunk_id = chunk.id)'
  return memory.prepare<[], { n: number }>(sql).get()?.n ?? 0
}
