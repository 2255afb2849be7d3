import { AppError, DEFAULT_SKILL, type ResponseEnvelope } from '@kafclaw/envelope'
import { applyTopics, connectGroup, type GroupClient, type Host, type Service } from '@kafclaw/runtime'
import { describeStatus } from '../ask/progress.ts'
import { commandSenderId, ownAgentId } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import type { Invocation } from '../invocation.ts'
import { createAgent, createIndexer, memoryFile } from '../services/create-services.ts'

interface LineQuestion {
  content: string
  /** The conversation that it belongs to. */
  session?: string
  interrupted: AbortSignal
  /** Hears the answer as it arrives, where the agent runs in this process. */
  onText?(delta: string): void
}

/** A way to talk to the agent of this machine, whichever process runs it. */
export interface AgentLine extends AsyncDisposable {
  readonly agentId: string
  ask(question: LineQuestion): Promise<ResponseEnvelope | 'interrupted'>
}

/** Starts the agent in this process, or takes the one that another process runs. */
export async function openAgentLine(invocation: Invocation, host: Host): Promise<AgentLine> {
  const agentId = ownAgentId(host)
  await ensureTopics(host)
  const listeners = new Map<string, (delta: string) => void>()
  const services = await startServices(invocation, host, (taskId, delta) => listeners.get(taskId)?.(delta))
  const client = await connect(invocation, host, { quiet: services.length > 0 })
  const failed = failureOf(services)
  const skill = host.settings.skills.includes(DEFAULT_SKILL) ? DEFAULT_SKILL : host.settings.skills[0]

  return {
    agentId,
    async ask({ content, session, interrupted, onText }) {
      const taskId = `task_${host.env.newId()}`
      if (onText) listeners.set(taskId, onText)
      try {
        const asked = client.ask({
          taskId,
          recipientId: agentId,
          payload: { content, ...(skill ? { skill } : {}), ...(session === undefined ? {} : { input: { session } }) },
        })
        return await Promise.race([asked.then(({ outcome }) => outcome), failed, untilAborted(interrupted)])
      } finally {
        listeners.delete(taskId)
      }
    },
    async [Symbol.asyncDispose]() {
      await client.close()
      for (const service of services.toReversed()) await service.stop()
    },
  }
}

/** The embedded log belongs to this machine; topics on Kafka are made by whoever runs the group. */
async function ensureTopics(host: Host): Promise<void> {
  if (host.log.kind === 'kafka') return void (await requireTopics(host))
  const { log, env, settings } = host
  const scope = { group: settings.group, zone: settings.zone }
  await applyTopics({ log, env, scope, senderId: commandSenderId(host), leaseMs: settings.leaseMs })
}

/** The agent with its memory; nothing when another process holds the folder of the agent. */
async function startServices(
  { output }: Invocation,
  host: Host,
  onText: (taskId: string, delta: string) => void,
): Promise<Service[]> {
  // An indexer that runs alone elsewhere on this machine writes the file that is read then.
  const indexer = await unlessLocked(createIndexer(host))
  const placed = indexer instanceof AppError ? withMemoryFile(host) : host
  const agent = await unlessLocked(createAgent(placed, { onText, ...(indexer instanceof AppError ? {} : { indexer }) }))
  const services = indexer instanceof AppError ? [] : [indexer]
  if (!(agent instanceof AppError)) return [...services, agent]
  for (const service of services) await service.stop()
  output.note(`the agent runs already (process ${agent.details.pid ?? 'unknown'}); asking it`)
  return []
}

function withMemoryFile(host: Host): Host {
  return { ...host, settings: { ...host.settings, memoryDb: host.settings.memoryDb ?? memoryFile(host) } }
}

async function unlessLocked<S extends Service>(creating: Promise<S>): Promise<S | AppError> {
  try {
    return await creating
  } catch (error) {
    if (error instanceof AppError && error.code === 'KC_STORAGE_LOCKED') return error
    throw error
  }
}

function connect({ env, output }: Invocation, host: Host, { quiet }: { quiet: boolean }): Promise<GroupClient> {
  const { group, zone } = host.settings
  return connectGroup({
    log: host.log,
    env,
    group,
    zone,
    senderId: commandSenderId(host),
    onStatus(envelope) {
      if (!quiet || envelope.payload.status === 'progress') output.note(describeStatus(envelope))
    },
  })
}

/** Rejects when one of the services ends on its own. */
function failureOf(services: readonly Service[]): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => undefined)
  for (const service of services) {
    service.ended.then((end) => {
      if (end.reason === 'failed') reject(end.error)
      if (end.reason === 'replaced') {
        reject(
          new AppError('KC_AGENT_REPLACED', `A newer boot of "${service.id}" runs on ${end.host ?? 'another host'}.`),
        )
      }
    }, reject)
  }
  return promise
}

function untilAborted(signal: AbortSignal): Promise<'interrupted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('interrupted')
    else signal.addEventListener('abort', () => resolve('interrupted'), { once: true })
  })
}
