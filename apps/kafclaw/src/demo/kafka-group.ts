import { sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { applyTopics, groupTopics, type Host, keepMemberId, readZone } from '@kafclaw/runtime'
import { type OpenBroker, openBroker, readBrokerSettings } from '@kafclaw/testing/broker'
import { readPresence } from '../group/roster.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import type { StartableService } from '../services/start.ts'
import { type ChildService, startChild } from './child-service.ts'
import { AGENTS, type DemoGroup, EXPERT_MEMORY } from './demo-group.ts'
import { openDemoHost } from './demo-host.ts'

const READY_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 50

/** What runs as a process of its own: the app, the id under which it takes part, and the agent that it belongs to. */
interface DemoProcess {
  service: StartableService
  id: string
  agentId?: string
}

function processesOf({ data, env }: Host): DemoProcess[] {
  return [
    // These two find the same ids, in the same data folder.
    { service: 'audit-sink', id: keepMemberId(data, 'audit-sink', env) },
    { service: 'orchestrator', id: keepMemberId(data, 'orchestrator', env) },
    { service: 'memory-indexer', id: EXPERT_MEMORY, agentId: AGENTS.expert },
    ...Object.values(AGENTS).map((id): DemoProcess => ({ service: 'agent-worker', id, agentId: id })),
  ]
}

/** Each service a process, on brokers that the user named, else on a Kafka that is started here and ended with the demo. */
export async function openKafkaGroup(
  invocation: Invocation,
  { folder, interrupted }: { folder: string; interrupted: AbortSignal },
): Promise<DemoGroup> {
  const { io, env, output, overrides } = invocation
  const named = overrides.kafkaBrokers ?? io.variables.KAFCLAW_KAFKA_BROKERS
  await using stack = new AsyncDisposableStack()
  if (!named) output.note('starting an Apache Kafka for this demo')
  const broker: OpenBroker = stack.use(
    await openBroker(readBrokerSettings({ ...io.variables, KAFCLAW_KAFKA_BROKERS: named })),
  )
  const variables = demoVariables(invocation, { broker, folder })
  const host = stack.use(openDemoHost(invocation, variables))
  if (broker.how === 'named') stack.defer(() => removeTopics(host, output))

  const scope = { group: host.settings.group, zone: host.settings.zone }
  await applyTopics({ log: host.log, env, scope, senderId: 'demo', leaseMs: host.settings.leaseMs })
  const children: ChildService[] = []
  stack.defer(async () => void (await Promise.all(children.map((child) => child.stop()))))
  const processes = processesOf(host)
  for (const { service, id, agentId } of processes) {
    const own = agentId === undefined ? {} : { KAFCLAW_AGENT_ID: agentId }
    children.push(
      startChild({ service, id, folder, env, variables: { ...systemVariables(io.variables), ...variables, ...own } }),
    )
  }
  const ids = processes.map(({ id }) => id)
  await Promise.race([untilAllAreLive(host, ids, interrupted), ...children.map(({ failed }) => failed)])
  const resources = stack.move()
  return { host, place: describe(broker, children.length), [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

/** Settings of the demo: of the user's only those that lead to the named brokers. */
function demoVariables(
  { io, env }: Invocation,
  { broker, folder }: { broker: OpenBroker; folder: string },
): Record<string, string> {
  const properties = broker.how === 'named' ? io.variables.KAFCLAW_KAFKA_PROPERTIES : undefined
  return {
    KAFCLAW_KAFKA_BROKERS: broker.brokers.join(','),
    KAFCLAW_GROUP: `demo-${env.randomBytes(3).toString('hex')}`,
    KAFCLAW_DATA_DIR: folder,
    ...(properties ? { KAFCLAW_KAFKA_PROPERTIES: properties } : {}),
  }
}

function systemVariables(variables: Invocation['io']['variables']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('KAFCLAW_')))
}

async function untilAllAreLive(host: Host, ids: readonly string[], interrupted: AbortSignal): Promise<void> {
  const { env, log, settings } = host
  const zone = await readZone(log, settings)
  const deadlineMs = env.monotonicMs() + READY_WITHIN_MS
  for (;;) {
    const presences = await readPresence(host, zone?.leaseMs ?? settings.leaseMs)
    const live = new Set(presences.filter(({ isLive }) => isLive).map(({ entry }) => entry.agentId))
    const missing = ids.filter((id) => !live.has(id))
    if (missing.length === 0) return
    if (interrupted.aborted) throw new AppError('KC_INTERRUPTED', 'The demo was interrupted.')
    if (env.monotonicMs() > deadlineMs) {
      throw new AppError(
        'KC_DEMO_FAILED',
        `After ${READY_WITHIN_MS / 1000} s there is still no beat of ${missing.join(', ')}.`,
      )
    }
    await sleep(env, LOOK_EVERY_MS, interrupted)
  }
}

/** A demo that failed because the brokers are away must say that, and not that it cannot clean up on them. */
async function removeTopics({ log, settings }: Host, output: Output): Promise<void> {
  try {
    await log.deleteTopics(await groupTopics(log, settings.group))
  } catch (error) {
    const { message } = AppError.fromUnknown(error, 'KC_KAFKA_UNREACHABLE')
    output.note(`topics of group ${settings.group} may be left on the brokers: ${message}`)
  }
}

function describe({ how, brokers, version }: OpenBroker, processes: number): string {
  const kafka =
    how === 'named'
      ? `Kafka at ${brokers.join(',')}`
      : `Apache Kafka ${version} (started here by ${how === 'java' ? 'Java' : 'Docker'})`
  return `${kafka}, ${processes} services, each a process`
}
