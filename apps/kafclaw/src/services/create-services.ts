import type { Recall } from '@kafclaw/memory'
import type { MemoryIndexer } from '@kafclaw/memory-indexer'
import type { Host, Service } from '@kafclaw/runtime'
import { ownAgentId } from '../group/open-group.ts'

// Each app is imported when it is started: a process of one service does not pay for the others.

export interface AgentPlacement {
  /** The memory of the agent where it lies in this process; without it the agent goes by its settings. */
  recall?: Recall
  onText?(taskId: string, delta: string): void
}

/** The agent of this machine. */
export async function createAgent(host: Host, { recall, onText }: AgentPlacement = {}): Promise<Service> {
  const { agentOptions, createAgentWorker } = await import('@kafclaw/agent-worker')
  return createAgentWorker(host, {
    ...agentOptions(host),
    ...(recall ? { recall } : {}),
    ...(onText ? { onText } : {}),
  })
}

export async function createIndexer(host: Host): Promise<MemoryIndexer> {
  const { createMemoryIndexer } = await import('@kafclaw/memory-indexer')
  return createMemoryIndexer(host)
}

export async function createAuditSink(host: Host): Promise<Service> {
  const { createAuditSink: create } = await import('@kafclaw/audit-sink')
  return create(host)
}

export async function createOrchestrator(host: Host): Promise<Service> {
  const { createOrchestrator: create } = await import('@kafclaw/orchestrator')
  return create(host)
}

/** Where the indexer of the agent of this machine keeps its index. */
export function memoryFile(host: Host): string {
  return host.data.member(`${ownAgentId(host)}-memory`).memoryDb
}
