import { decode, topicName } from '@kafclaw/envelope'
import { type ForgottenItem, type MemoryItem, toMemoryItem } from '@kafclaw/memory'
import type { Host } from '@kafclaw/runtime'
import { readToEnd } from '../group/read-to-end.ts'

/** What the topic says of one item, in log order: the newest says what holds. */
export type ItemChange = { kind: 'put'; item: MemoryItem } | { kind: 'forget'; item: ForgottenItem }

/** Reads the memory topic of the zone from its start. */
export async function readItems(host: Host, onChange: (change: ItemChange) => void): Promise<void> {
  await readToEnd(host.log, [topicName(host.settings, 'memory_shared')], {
    onRecord(record) {
      const decoded = decode(record)
      if (decoded.kind === 'tombstone') {
        const { topic, partition, offset } = record
        return onChange({ kind: 'forget', item: { itemId: decoded.key, topic, partition, offset } })
      }
      if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'memory') return
      onChange({ kind: 'put', item: toMemoryItem(record, decoded.envelope) })
    },
  })
}
