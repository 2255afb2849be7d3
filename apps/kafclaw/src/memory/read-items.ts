import { decode, topicName } from '@kafclaw/envelope'
import type { ForgottenItem, MemoryItem } from '@kafclaw/memory'
import type { Host } from '@kafclaw/runtime'
import { readToEnd } from '../group/read-to-end.ts'

/** What the topic says of one item, in log order: the newest says what holds. */
export type ItemChange = { kind: 'put'; item: MemoryItem } | { kind: 'forget'; item: ForgottenItem }

/** Reads the memory topic of the zone from its start. */
export async function readItems(host: Host, onChange: (change: ItemChange) => void): Promise<void> {
  await readToEnd(host.log, [topicName(host.settings, 'memory_shared')], {
    onRecord(record) {
      const decoded = decode(record)
      const { topic, partition, offset, timestampMs } = record
      if (decoded.kind === 'tombstone') {
        return onChange({ kind: 'forget', item: { itemId: decoded.key, topic, partition, offset } })
      }
      if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'memory') return
      const { payload, sender_id, labels } = decoded.envelope
      onChange({
        kind: 'put',
        item: {
          itemId: payload.item_id,
          topic,
          partition,
          offset,
          timestampMs,
          zone: payload.zone,
          author: sender_id,
          title: payload.title,
          content: payload.content ?? '',
          contentType: payload.content_type,
          tags: payload.tags,
          labels: { ...labels },
          expiresAtMs: payload.expires_at === null ? null : Date.parse(payload.expires_at),
        },
      })
    },
  })
}
