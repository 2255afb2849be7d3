import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { createEmbeddedLog } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { tempDir } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { applyTopics, connectGroup, createMember } from '../src/index.ts'
import { describeForeignLog } from './foreign-log-suite.ts'
import { LEASE_MS } from './group.ts'

describeForeignLog('embedded')

it('begins anew on a log file that was deleted and made again', async () => {
  await using folder = await tempDir()
  const env = createSystemEnv()
  const logger = createLogger({ service: 'test', level: 'silent' })
  const scope = { group: 'acme', zone: 'public' }
  const path = join(folder.path, 'log.db')
  using db = openDatabase(join(folder.path, 'state.db'), 'state')

  /** One life of the log file: asks some tasks and lets the same agent answer them. */
  async function live(contents: readonly string[]): Promise<Array<string | null>> {
    const log = createEmbeddedLog({ path, env, logger })
    await applyTopics({ log, env, scope, senderId: 'test', leaseMs: LEASE_MS })
    const client = await connectGroup({ log, env, ...scope, senderId: 'test' })
    const asked = await Promise.all(contents.map((content) => client.ask({ payload: { content } })))
    const member = createMember({
      env,
      logger,
      metrics: noMetrics(),
      log,
      db,
      ...scope,
      agentId: 'agent-a',
      role: 'agent',
      skills: [{ name: 'chat' }],
      capacity: 8,
      version: '0',
      retentionDays: 14,
      handler: async (run) => ({ status: 'completed', content: run.request.payload.content }),
    })
    await member.whenReady()
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome))
    await member.stop()
    await client.close()
    await log.close()
    return outcomes.map(({ payload }) => payload.content)
  }

  const count = () => db.prepare<[], { count: number }>('select count(*) as count from task').get()?.count
  expect(await live(['one', 'two', 'three'])).toEqual(['one', 'two', 'three'])
  expect(count()).toBe(3)
  for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true })
  expect(await live(['four', 'five'])).toEqual(['four', 'five'])
  expect(count()).toBe(2)
})
