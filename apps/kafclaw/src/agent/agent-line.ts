import { orAborted } from '@kafclaw/env'
import { AppError, DEFAULT_SKILL, type ResponseEnvelope } from '@kafclaw/envelope'
import { applyTopics, connectGroup, type GroupClient, type Host, type Service } from '@kafclaw/runtime'
import { describeStatus, tellReach } from '../ask/progress.ts'
import { commandSenderId, ownAgentId } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import type { Invocation } from '../invocation.ts'
import { type AgentPlacement, createAgent } from '../services/create-services.ts'
import { createLazyRecall } from './lazy-recall.ts'

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
  const recall = createLazyRecall(host)
  const started = await startAgent(host, { recall, onText: (taskId, delta) => listeners.get(taskId)?.(delta) })
  const agent = started instanceof AppError ? null : started
  if (started instanceof AppError) {
    invocation.output.note(`the agent runs already (process ${started.details.pid ?? 'unknown'}); asking it`)
  }
  const client = await connect(invocation, host, { isQuiet: agent !== null })
  const failed = agent ? failureOf(agent) : new Promise<never>(() => {})
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
        const answered = asked.then(({ outcome }) => outcome)
        return (await orAborted(Promise.race([answered, failed]), interrupted)) ?? 'interrupted'
      } finally {
        listeners.delete(taskId)
      }
    },
    async [Symbol.asyncDispose]() {
      await client.close()
      await agent?.stop()
      await recall.stop()
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

/** The agent in this process, or the error that says which other one has its folder. */
async function startAgent(host: Host, placement: AgentPlacement): Promise<Service | AppError> {
  try {
    return await createAgent(host, placement)
  } catch (error) {
    if (error instanceof AppError && error.code === 'KC_STORAGE_LOCKED') return error
    throw error
  }
}

function connect({ env, output }: Invocation, host: Host, { isQuiet }: { isQuiet: boolean }): Promise<GroupClient> {
  const { group, zone } = host.settings
  return connectGroup({
    log: host.log,
    env,
    group,
    zone,
    senderId: commandSenderId(host),
    onStatus(envelope) {
      if (!isQuiet || envelope.payload.status === 'progress') output.note(describeStatus(envelope))
    },
    onReach: (trouble) => tellReach(output, trouble),
  })
}

/** Rejects when the service ends on its own. */
function failureOf({ id, ended }: Service): Promise<never> {
  const failure = ended.then((end): never => {
    if (end.reason === 'failed') throw end.error
    if (end.reason === 'replaced') {
      throw new AppError('KC_AGENT_REPLACED', `A newer boot of "${id}" runs on ${end.host ?? 'another host'}.`)
    }
    throw new AppError('KC_RUNTIME_STOPPED', `"${id}" has stopped.`)
  })
  failure.catch(() => undefined)
  return failure
}
