import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { type RecordPlace, topicName } from '@kafclaw/envelope'
import type { Recall, RecalledItem } from '@kafclaw/memory'
import { applyTopics, connectGroup, type GroupClient, type Host, openHost, readSettings } from '@kafclaw/runtime'
import { openDatabase } from '@kafclaw/storage'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { sharedBrokers, tempDir, uniqueName } from '@kafclaw/testing'

/** What a test shares; the id is that of its place in the test. */
interface SharedItem {
  itemId: string
  content: string
  title?: string
  tags?: readonly string[]
  author?: string
  expiresAtMs?: number
}

/** A group of its own, with its topics, on the embedded log or on the real Kafka of the test run. */
export interface TestGroup extends AsyncDisposable {
  host: Host
  variables: Record<string, string>
  /** Resolves when the record is acknowledged; nobody has indexed it then. */
  share(item: SharedItem): Promise<RecordPlace>
  forget(itemId: string): Promise<void>
  publishBytes(value: Buffer): Promise<void>
  /** The skill `memory.recall` on the wire, served by the indexer of `agent-b`. */
  recall: Recall
  count(table: string, where?: string): number
}

const AGENT = 'agent-b'

/** Nobody takes over here, and a busy machine must not look like a dead one. */
const LEASE_MS = 12_000

export async function createTestGroup(form: 'embedded' | 'kafka'): Promise<TestGroup> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await tempDir())
  const variables = {
    KAFCLAW_DATA_DIR: folder.path,
    KAFCLAW_GROUP: uniqueName('g'),
    KAFCLAW_AGENT_ID: AGENT,
    ...(form === 'kafka' ? { KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(',') } : {}),
  }
  const env = createSystemEnv()
  const settings = readSettings(variables).values
  const logger = createLogger({ service: 'test', level: 'silent' })
  const host = stack.use(openHost({ env, logger, metrics: noMetrics(), settings, clientId: 'test' }))
  const { log } = host
  const scope = { group: settings.group, zone: settings.zone }
  await applyTopics({ log, env, scope, senderId: 'test', leaseMs: LEASE_MS })
  const clients = new Map<string, GroupClient>()
  async function clientOf(senderId: string): Promise<GroupClient> {
    const known = clients.get(senderId)
    if (known) return known
    const client = await connectGroup({ log, env, ...scope, senderId })
    clients.set(senderId, client)
    stack.defer(() => client.close())
    return client
  }
  const publisher = log.publisher()
  stack.defer(() => publisher.close())
  const topic = topicName(settings, 'memory_shared')

  return {
    host,
    variables,
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
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
