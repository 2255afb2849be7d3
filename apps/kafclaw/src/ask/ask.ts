import { AppError, DEFAULT_SKILL, type ResponseEnvelope } from '@kafclaw/envelope'
import { connectGroup, EXIT, type Host, parseDuration, readServedBy } from '@kafclaw/runtime'
import type { AskOptions } from '../commands/ask.ts'
import { commandSenderId, openGroup } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import { ableAgents, readPresence } from '../group/roster.ts'
import { watchForInterruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import { readPrompt } from '../read-prompt.ts'
import { awaitOutcome } from './await-outcome.ts'
import { describeStatus, tellReach } from './progress.ts'
import { showOutcome } from './show-outcome.ts'

/** Asks the group and waits for the outcome, unless told not to. */
export async function ask(invocation: Invocation, words: string, options: AskOptions): Promise<number> {
  const { env, output } = invocation
  const timeoutMs = options.timeout === undefined ? null : parseDuration(options.timeout)
  const expiresMs = options.expires === undefined ? null : parseDuration(options.expires)
  const content = await readPrompt(invocation.io, words, 'question')
  const wanted = { skill: options.skill ?? DEFAULT_SKILL, to: options.to ?? null }

  await using host = openGroup(invocation)
  const { zone } = await requireTopics(host)
  using interruption = watchForInterruption()
  const client = await connectGroup({
    log: host.log,
    env,
    group: host.settings.group,
    zone: host.settings.zone,
    senderId: commandSenderId(host),
    onStatus: (envelope) => output.note(describeStatus(envelope)),
    onReach: (trouble) => tellReach(output, trouble),
  })
  try {
    const asked = await client.ask({
      payload: { content, ...(options.skill === undefined ? {} : { skill: options.skill }) },
      recipientId: wanted.to,
      ...(expiresMs === null ? {} : { expiresAt: new Date(env.now() + expiresMs).toISOString() }),
    })
    output.note(`task ${asked.taskId}`)
    await warnIfNobodyIsAble(host, { output, wanted, leaseMs: zone.leaseMs })
    if (!options.wait) {
      const { taskId, envelope, place } = asked
      output.data({ task_id: taskId, request_id: envelope.id, ...place }, () => taskId)
      return EXIT.done
    }
    const end = await awaitOutcome(asked.outcome, {
      env,
      timeoutMs,
      lastMs: Date.parse(asked.envelope.expires_at) + zone.leaseMs,
      interrupted: interruption.signal,
    })
    return report(end, { output, taskId: asked.taskId })
  } finally {
    await client.close()
  }
}

type End = ResponseEnvelope | 'timeout' | 'expired' | 'interrupted'

function report(end: End, { output, taskId }: { output: Output; taskId: string }): number {
  const follow = `follow it with: kafclaw trace ${taskId}`
  switch (end) {
    case 'timeout':
      output.note(`no outcome yet; the task goes on, ${follow}`)
      return EXIT.timedOut
    case 'interrupted':
      output.note(`not waiting any more; the task goes on, ${follow}`)
      return EXIT.interrupted
    case 'expired':
      output.note(`the task has expired: nobody ran it before its deadline; ${follow}`)
      return EXIT.notGood
    default:
      return showOutcome(output, end)
  }
}

/** The task is asked all the same: whoever comes later finds it on the log. */
async function warnIfNobodyIsAble(
  host: Host,
  { output, wanted, leaseMs }: { output: Output; wanted: { skill: string; to: string | null }; leaseMs: number },
): Promise<void> {
  const isServed = await isServedByGroup(host, wanted).catch(passOver)
  if (isServed !== false) return
  const presences = await readPresence(host, leaseMs).catch(passOver)
  if (presences === null || ableAgents(presences, wanted).length > 0) return
  const who = wanted.to === null ? 'no live agent' : `no live agent "${wanted.to}"`
  output.warn(
    `${who} has announced the skill "${wanted.skill}"; the task waits on the log until one does (see: kafclaw agents)`,
  )
}

/** A consumer group announces nothing; a task for one agent goes to that agent all the same. */
async function isServedByGroup(host: Host, { skill, to }: { skill: string; to: string | null }): Promise<boolean> {
  if (to !== null) return false
  return (await readServedBy(host.log, host.settings)).get(skill)?.servedBy === 'group'
}

/** Who waits is told of brokers that are away by the reader of outcomes; only asking who is there is given up. */
function passOver(error: unknown): null {
  if (AppError.fromUnknown(error, 'KC_BUG').retryable) return null
  throw error
}
