import type { Host, Service } from '@kafclaw/runtime'
import { ownAgentId } from '../group/open-group.ts'

// Each app is imported when it is started: a process of one service does not pay for the others.

export interface AgentPlacement {
  /** Its indexer runs in this process too, so recall reads the file that this one writes. */
  memoryInProcess?: true
  onText?(taskId: string, delta: string): void
}

/** The agent of this machine. */
export async function createAgent(host: Host, { memoryInProcess, onText }: AgentPlacement = {}): Promise<Service> {
  const { agentOptions, createAgentWorker } = await import('@kafclaw/agent-worker')
  const settings = memoryInProcess ? { ...host.settings, memoryDb: memoryFile(host) } : host.settings
  return createAgentWorker(host, { ...agentOptions({ ...host, settings }), ...(onText ? { onText } : {}) })
}

export async function createIndexer(host: Host): Promise<Service> {
  const { createMemoryIndexer } = await import('@kafclaw/memory-indexer')
  return createMemoryIndexer(host, { agentId: ownAgentId(host) })
}

export async function createAuditSink(host: Host): Promise<Service> {
  const { createAuditSink: create } = await import('@kafclaw/audit-sink')
  return create(host)
}

/** Where the indexer of the agent of this machine keeps its index. */
export function memoryFile(host: Host): string {
  return host.data.member(`${ownAgentId(host)}-memory`).memoryDb
}
