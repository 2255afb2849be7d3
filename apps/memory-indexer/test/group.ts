import { join } from 'node:path'
import { type RecordPlace, topicName } from '@kafclaw/envelope'
import type { Recall, RecalledItem } from '@kafclaw/memory'
import type { GroupClient } from '@kafclaw/runtime'
import { createTestGroup, type TestForm, type TestGroup } from '@kafclaw/runtime/testing'
import { openDatabase } from '@kafclaw/storage'

/** What a test shares; the id is that of its place in the test. */
interface SharedItem {
  itemId: string
  content: string
  title?: string
  tags?: readonly string[]
  author?: string
  expiresAtMs?: number
}

/** A group whose memory a test fills, and which the indexer of `agent-b` serves. */
export interface MemoryGroup extends TestGroup {
  /** Resolves when the record is acknowledged; nobody has indexed it then. */
  share(item: SharedItem): Promise<RecordPlace>
  forget(itemId: string): Promise<void>
  publishBytes(value: Buffer): Promise<void>
  /** The skill `memory.recall` on the wire, served by the indexer of `agent-b`. */
  recall: Recall
  count(table: string, where?: string): number
}

const AGENT = 'agent-b'

export async function createMemoryGroup(form: TestForm): Promise<MemoryGroup> {
  const group = await createTestGroup(form, { variables: { KAFCLAW_AGENT_ID: AGENT } })
  const { host } = group
  const { log, settings } = host
  const clients = new Map<string, Promise<GroupClient>>()
  function clientOf(senderId: string): Promise<GroupClient> {
    const client = clients.get(senderId) ?? group.connect(senderId)
    clients.set(senderId, client)
    return client
  }
  const publisher = log.publisher()
  group.own({ stop: () => publisher.close() })
  const topic = topicName(settings, 'memory_shared')

  return {
    ...group,
    async share({ itemId, content, title, tags, author = 'agent-c', expiresAtMs }) {
      const { place } = await (await clientOf(author)).publish({
        type: 'memory',
        payload: {
          item_id: itemId,
          content,
          ...(title === undefined ? {} : { title }),
          tags: [...(tags ?? [])],
          ...(expiresAtMs === undefined ? {} : { expires_at: new Date(expiresAtMs).toISOString() }),
        },
      })
      return place
    },
    async forget(itemId) {
      await publisher.publish([{ topic, partition: 0, key: Buffer.from(itemId), value: null, headers: [] }])
    },
    async publishBytes(value) {
      await publisher.publish([{ topic, partition: 0, key: Buffer.from('odd'), value, headers: [] }])
    },
    recall: {
      async search({ query, limit, tags, zones }, signal) {
        signal?.throwIfAborted()
        if (!zones.includes(settings.zone)) return []
        const input = { query, ...(limit ? { limit } : {}), ...(tags ? { tags } : {}) }
        const client = await clientOf(AGENT)
        const asked = await client.ask({
          recipientId: `${AGENT}-memory`,
          payload: { skill: 'memory.recall', content: query, input },
        })
        const { payload } = await asked.outcome
        if (payload.status !== 'completed') throw new Error(`recall: ${JSON.stringify(payload.error)}`)
        return (payload.output as { items: RecalledItem[] }).items
      },
    },
    count(table, where = 'true') {
      using db = openDatabase(join(host.data.member(`${AGENT}-memory`).folder, 'memory.db'), 'memory', {
        readOnly: true,
      })
      return db.prepare<[], { n: number }>(`select count(*) n from ${table} where ${where}`).get()?.n ?? -1
    },
  }
}
