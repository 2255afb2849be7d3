import { createAgentWorker } from '@kafclaw/agent-worker'
import type { Log } from '@kafclaw/kafka'
import { createScriptedModel } from '@kafclaw/llm'
import { applyTopics } from '@kafclaw/runtime'
import { createTestGroup, type TestGroup } from '@kafclaw/runtime/testing'
import { sharedBrokers } from '@kafclaw/testing'

const LEASE_MS = 2000

/** A group of its own on the shared broker, with native agents in this process. */
export interface ForeignGroup extends TestGroup {
  brokers: string
  partitions: number
  log: Log
  /** A native agent that answers what `answer` makes of the question; returns how to stop it. */
  startAgent(
    agentId: string,
    options: { skills: string[]; concurrency?: number; answer(question: string): string },
  ): Promise<() => Promise<void>>
}

/** Skills in `byGroup` are left to a consumer group; all skills named have a topic of their own. */
export async function createForeignGroup(skills: { byGroup: string[]; byClaim: string[] }): Promise<ForeignGroup> {
  const group = await createTestGroup('kafka', { leaseMs: LEASE_MS })
  const { host, scope } = group
  const { log, env } = host
  const topics = { log, env, scope, senderId: 'test', leaseMs: LEASE_MS }
  await applyTopics({ ...topics, skills: skills.byGroup, served: { by: 'group', mayChange: false } })
  const { zone } = await applyTopics({ ...topics, skills: skills.byClaim })
  return {
    ...group,
    // Connected after the topics of the skills are there, so that it uses them.
    client: await group.connect('test'),
    brokers: sharedBrokers().join(','),
    partitions: zone.partitions,
    log,
    async startAgent(agentId, options) {
      const service = group.own(
        createAgentWorker(host, {
          agentId,
          skills: options.skills,
          concurrency: options.concurrency ?? 4,
          instructions: null,
          model: createScriptedModel(({ messages }) => options.answer(messages.at(-1)?.content ?? '')),
          recall: null,
        }),
      )
      await service.whenReady()
      return () => service.stop()
    },
  }
}
