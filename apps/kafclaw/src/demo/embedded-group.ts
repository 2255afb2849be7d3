import { AppError } from '@kafclaw/envelope'
import { applyTopics, type Host, type Service } from '@kafclaw/runtime'
import type { Invocation } from '../invocation.ts'
import { createAgent, createAuditSink, createIndexer } from '../services/create-services.ts'
import { AGENTS, type DemoGroup } from './demo-group.ts'
import { openDemoHost } from './demo-host.ts'

/** All services in this process, on the embedded log in `folder`. */
export async function openEmbeddedGroup(invocation: Invocation, folder: string): Promise<DemoGroup> {
  const host = openDemoHost(invocation, { KAFCLAW_GROUP: 'demo', KAFCLAW_DATA_DIR: folder })
  const services: Service[] = []
  async function dispose(): Promise<void> {
    await Promise.all(services.map((service) => service.stop()))
    await host[Symbol.asyncDispose]()
  }
  try {
    const { log, env, settings } = host
    const scope = { group: settings.group, zone: settings.zone }
    await applyTopics({ log, env, scope, senderId: 'demo', leaseMs: settings.leaseMs })
    services.push(await createAuditSink(host))
    const indexer = await createIndexer(as(host, AGENTS.expert))
    services.push(indexer)
    for (const agentId of Object.values(AGENTS)) {
      services.push(await createAgent(as(host, agentId), agentId === AGENTS.expert ? indexer : {}))
    }
    await Promise.race([Promise.all(services.map((service) => service.whenReady())), failureOf(services)])
    return { host, place: 'the embedded log, all services in this process', [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** The same host for another agent. */
function as(host: Host, agentId: string): Host {
  return { ...host, settings: { ...host.settings, agentId } }
}

async function failureOf(services: readonly Service[]): Promise<never> {
  const { id, end } = await Promise.race(services.map(async ({ id, ended }) => ({ id, end: await ended })))
  throw end.reason === 'failed' ? end.error : new AppError('KC_DEMO_FAILED', `${id} has ended before the demo began.`)
}
