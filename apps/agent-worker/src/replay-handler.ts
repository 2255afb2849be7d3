import { AppError } from '@kafclaw/envelope'
import type { Host, MemberParts, RunHandler } from '@kafclaw/runtime'
import type { Db } from '@kafclaw/storage'
import { createToolRegistry } from '@kafclaw/tools'
import { runAgent } from './agent-loop.ts'
import { createAgentTools } from './agent-tools.ts'
import type { AgentOptions } from './config.ts'
import { createFrames } from './frames.ts'
import { createSessions, messagesOf, type Sessions } from './sessions.ts'

/**
 * The loop of an agent for a run that is replayed from its journal: the model is told of the same tools, and none of them can
 * act. `db` is the state of the agent, for the conversations that it has kept; null where it is not on this machine: what was
 * said comes from the log by `exchange` then.
 */
export function createReplayHandler(
  host: Host,
  options: AgentOptions,
  { db, exchange }: Pick<MemberParts, 'exchange'> & { db: Db | null },
): RunHandler {
  const frames = createFrames()
  const refuse = () => Promise.reject(new AppError('KC_BUG', 'A replayed run wanted to write to the log.'))
  const tools = createAgentTools({ host, options, frames, send: refuse, agents: () => [] })
  const sessions: Sessions = {
    ...(db ? createSessions({ db, now: host.env.now, store: refuse, exchange }) : readSessions(exchange)),
    append: () => Promise.resolve(),
  }
  const parts = { ...options, group: host.settings.group, registry: createToolRegistry(tools), frames, sessions }
  return (run) => runAgent(run, parts)
}

/** Conversations of which nothing is kept here. */
function readSessions(exchange: MemberParts['exchange']): Omit<Sessions, 'append'> {
  return {
    turns: () => [],
    async history(session, turns, signal) {
      const said = []
      for (const taskId of turns) said.push(...messagesOf(await exchange(taskId, signal), { session, taskId }))
      return said
    },
  }
}
