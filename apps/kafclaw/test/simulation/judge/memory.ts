import { DATA } from '../stage.ts'
import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

interface ItemRow {
  item_id: string
  offset: number
  content: string
}

/** Every index has the newest record of each item. */
export function judgeMemory(world: World, { envelopes, machines }: Evidence): void {
  const newest = new Map<string, ItemRow>()
  for (const { record, envelope } of envelopes('memory')) {
    const { item_id, content } = envelope.payload
    newest.set(item_id, { item_id, offset: record.offset, content: content ?? '' })
  }
  const expected = viewOf([...newest.values()])
  for (const { name, id, files } of machines) {
    const db = files.peek(DATA.member(id).memoryDb)
    if (!db) continue
    const kept = viewOf(
      db.prepare<[], ItemRow>('select item_id, "offset", content from item where forgotten = 0').all(),
    )
    if (kept !== expected) world.breach('memory differs', `${name} keeps ${kept}; the log says ${expected}`)
  }
}

function viewOf(items: readonly ItemRow[]): string {
  return JSON.stringify(items.toSorted((a, b) => (a.item_id < b.item_id ? -1 : 1)))
}
