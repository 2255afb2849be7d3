import { createAgentWorker } from '@kafclaw/agent-worker'
import { createAuditSink } from '@kafclaw/audit-sink'
import { createHashEmbedder } from '@kafclaw/memory'
import { createMemoryIndexer } from '@kafclaw/memory-indexer'
import { createOrchestrator } from '@kafclaw/orchestrator'
import type { Program } from './machine.ts'
import { createSimulatedModel } from './simulated-model.ts'
import { AGENTS } from './stage.ts'
import { createSimulatedTools } from './tools.ts'
import type { World } from './world.ts'

const CONCURRENCY = 2

/** The programs of a group, each for a machine of its own. */
export function drawPrograms(world: World): Program[] {
  const { faults } = world
  const programs = AGENTS.map((agentId) => agentProgram(world, { name: agentId, id: agentId }))
  if (faults.twin) programs.push({ ...agentProgram(world, { name: 'twin of agent-a', id: 'agent-a' }), isLate: true })
  if (faults.indexer) {
    programs.push(...AGENTS.slice(0, 2).map((agentId): Program => indexerProgram(agentId)))
  }
  if (faults.orchestrator)
    programs.push({
      name: 'orchestrator',
      id: 'orchestrator',
      start: (host) => createOrchestrator(host, 'orchestrator'),
    })
  if (faults.auditSink)
    programs.push({ name: 'audit-sink', id: 'audit-sink', start: (host) => createAuditSink(host, 'audit-sink') })
  return programs
}

function agentProgram(world: World, { name, id }: Pick<Program, 'name' | 'id'>): Program {
  const random = world.random.fork(`agent on ${name}`)
  return {
    name,
    id,
    start(host) {
      const parts = { env: host.env, random, isFickle: world.faults.fickle }
      return createAgentWorker(host, {
        agentId: id,
        skills: ['chat'],
        concurrency: CONCURRENCY,
        instructions: 'Do what the plan says.',
        model: createSimulatedModel({ ...parts, reach: world.reach }),
        recall: null,
        tools: createSimulatedTools({ ...parts, target: world.target.connect(host.env) }),
        ...(world.journalRules ? { journalRules: world.journalRules } : {}),
      })
    },
  }
}

function indexerProgram(agentId: string): Program {
  return {
    name: `${agentId}-memory`,
    id: `${agentId}-memory`,
    start: (host) => createMemoryIndexer(host, { agentId, embedder: createHashEmbedder() }),
  }
}
