import { type Host, runServiceProcess, type Service } from '@kafclaw/runtime'
import type { Invocation } from '../invocation.ts'
import { createAgent, createAuditSink, createIndexer, createOrchestrator } from './create-services.ts'

/** Services that can run in a process of their own, named as their folders under apps/. */
export type StartableService = 'agent-worker' | 'memory-indexer' | 'audit-sink' | 'orchestrator'

const CREATE: Readonly<Record<StartableService, (host: Host) => Promise<Service>>> = {
  'agent-worker': (host) => createAgent(host),
  'memory-indexer': createIndexer,
  'audit-sink': createAuditSink,
  orchestrator: createOrchestrator,
}

/** Runs one service until a signal or its end; one that was started with a channel stops when its starter is gone. */
export function start({ io, overrides }: Invocation, service: StartableService): Promise<number> {
  if (process.connected) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  return runServiceProcess({ name: service, variables: io.variables, overrides, create: CREATE[service] })
}
