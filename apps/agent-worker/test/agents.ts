import { createOfflineModel, type Model } from '@kafclaw/llm'
import type { Recall } from '@kafclaw/memory'
import type { Service } from '@kafclaw/runtime'
import { createTestGroup, type TestForm, type TestGroup } from '@kafclaw/runtime/testing'
import type { Tool } from '@kafclaw/tools'
import { createAgentWorker } from '../src/service.ts'

interface StartOptions {
  model?: Model
  recall?: Recall | null
  skills?: string[]
  tools?: readonly Tool[]
}

/** Agents of one group in this process, each with the model that a test gives it. */
export interface TestAgents extends TestGroup {
  start(agentId: string, options?: StartOptions): Promise<Service>
}

export async function createTestAgents(form: TestForm): Promise<TestAgents> {
  const group = await createTestGroup(form, { leaseMs: 2000 })
  return {
    ...group,
    async start(agentId, options = {}) {
      const service = group.own(
        createAgentWorker(group.host, {
          agentId,
          skills: options.skills ?? ['chat'],
          concurrency: 4,
          instructions: null,
          model: options.model ?? createOfflineModel(),
          recall: options.recall ?? null,
          ...(options.tools ? { tools: options.tools } : {}),
        }),
      )
      await service.whenReady()
      return service
    },
  }
}
