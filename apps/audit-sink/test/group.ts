import { createSystemEnv } from '@kafclaw/env'
import type { RawRecord } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import {
  applyTopics,
  connectGroup,
  type GroupClient,
  groupTopics,
  type Host,
  type Member,
  openHost,
  openMember,
  type RunHandler,
  readSettings,
} from '@kafclaw/runtime'
import { openDatabase } from '@kafclaw/storage'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { sharedBrokers, tempDir, uniqueName } from '@kafclaw/testing'
import { auditSinkId } from '../src/config.ts'
import { type StoredRecord, toRawRecord } from '../src/stored-record.ts'

/** A group of its own, with its topics, on the embedded log or on the real Kafka of the test run. */
export interface TestGroup extends AsyncDisposable {
  host: Host
  /** What a service process of this group gets as its environment. */
  variables: Record<string, string>
  client: GroupClient
  agent(agentId: string, handler: RunHandler): Promise<Member>
  /** Everything that lies on the topics. */
  records(): Promise<RawRecord[]>
}

/** Nobody takes over here, and a busy machine must not look like a dead one. */
const LEASE_MS = 12_000

export async function createTestGroup(form: 'embedded' | 'kafka'): Promise<TestGroup> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await tempDir())
  const variables = {
    KAFCLAW_DATA_DIR: folder.path,
    KAFCLAW_GROUP: uniqueName('g'),
    ...(form === 'kafka' ? { KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(',') } : {}),
  }
  const env = createSystemEnv()
  const settings = readSettings(variables).values
  const logger = createLogger({ service: 'test', level: 'silent' })
  const host = stack.use(openHost({ env, logger, metrics: noMetrics(), settings, clientId: 'test' }))
  const scope = { group: settings.group, zone: settings.zone }
  await applyTopics({ log: host.log, env, scope, senderId: 'test', leaseMs: LEASE_MS })
  const client = await connectGroup({ log: host.log, env, ...scope, senderId: 'test' })
  stack.defer(() => client.close())
  return {
    host,
    variables,
    client,
    async agent(agentId, handler) {
      const member = openMember(host, {
        agentId,
        role: 'agent',
        skills: [{ name: 'chat' }],
        capacity: 4,
        createHandler: () => handler,
      })
      stack.defer(() => member.stop())
      await member.whenReady()
      return member
    },
    records: async () => readAll(host.log, await groupTopics(host.log, settings.group)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** What the audit file of the group holds, read beside whoever writes it. */
export function readAuditFile(host: Host): { records: RawRecord[]; gaps: unknown[]; repeatedEdges: number } {
  using db = openDatabase(host.data.member(auditSinkId(host)).auditDb, 'audit', { readOnly: true })
  return {
    records: db.prepare<[], StoredRecord>('select * from record').all().map(toRawRecord),
    gaps: db.prepare<[], unknown>('select * from gap').all(),
    repeatedEdges: db
      .prepare<[], unknown>(
        'select 1 from edge group by kind, from_id, to_id, to_topic, to_partition, to_offset having count(*) > 1',
      )
      .all().length,
  }
}

export function byPlace(records: readonly RawRecord[]): RawRecord[] {
  return records.toSorted(
    (a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) || a.partition - b.partition || a.offset - b.offset,
  )
}
