import { join } from 'node:path'
import { createSystemEnv, type Env } from '@kafclaw/env'
import { createEmbeddedLog, createKafkaLog, type Log } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { sharedBrokers, tempDir, uniqueName } from '@kafclaw/testing'
import {
  applyTopics,
  connectGroup,
  createMember,
  type GroupClient,
  type Member,
  type MemberOptions,
  type RunHandler,
} from '../src/index.ts'

export const LEASE_MS = 2000

/** A group of its own for one test, on the embedded log or on the real Kafka of the test run. */
export interface TestGroup extends AsyncDisposable {
  env: Env
  log: Log
  scope: { group: string; zone: string }
  client: GroupClient
  /** Where the member of that id keeps what it knows. */
  stateFile(agentId: string): string
  /** Starts a member; the same id again is the next boot of it, on the same file. */
  start(agentId: string, handler: RunHandler, overrides?: Partial<MemberOptions>): Member
}

export async function createTestGroup(form: 'embedded' | 'kafka' = 'embedded'): Promise<TestGroup> {
  const env = createSystemEnv()
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await tempDir())
  const logger = createLogger({ service: 'test', level: 'silent' })
  const openLog = (): Log =>
    form === 'embedded'
      ? createEmbeddedLog({ path: join(folder.path, 'log.db'), env, logger })
      : createKafkaLog({ brokers: [...sharedBrokers()], clientId: 'test', env, logger })
  const log = openLog()
  stack.defer(() => log.close())
  const scope = { group: uniqueName('g'), zone: 'public' }
  await applyTopics({ log, env, scope, senderId: 'test', leaseMs: LEASE_MS })
  const client = await connectGroup({ log, env, ...scope, senderId: 'test' })
  stack.defer(() => client.close())
  return {
    env,
    log,
    scope,
    client,
    stateFile: (agentId) => join(folder.path, `${agentId}.db`),
    start(agentId, handler, overrides = {}) {
      const db = openDatabase(join(folder.path, `${agentId}.db`), 'state')
      const member = createMember({
        env,
        logger,
        metrics: noMetrics(),
        log,
        db,
        ...scope,
        agentId,
        role: 'agent',
        skills: [{ name: 'chat' }],
        capacity: 8,
        version: '0',
        retentionDays: 14,
        handler,
        ...overrides,
      })
      stack.defer(async () => {
        await member.stop()
        db.close()
      })
      return member
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
