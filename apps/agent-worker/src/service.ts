import { type Host, type Member, openMember, type Service } from '@kafclaw/runtime'
import { createToolRegistry } from '@kafclaw/tools'
import { runAgent } from './agent-loop.ts'
import { createAgentTools } from './agent-tools.ts'
import type { AgentOptions } from './config.ts'
import { createFrames } from './frames.ts'
import { createSessions } from './sessions.ts'

export { type AgentOptions, agentOptions } from './config.ts'
export { createReplayHandler } from './replay-handler.ts'
export { createWireRecall } from './wire-recall.ts'

/** An agent of the group: claims tasks by rank, runs the model with its tools, and answers. Error: KC_STORAGE_LOCKED when another process has its folder. */
export function createAgentWorker(host: Host, options: AgentOptions): Service {
  const member: Member = openMember(host, {
    agentId: options.agentId,
    role: 'agent',
    skills: options.skills.map((name) => ({ name })),
    capacity: options.concurrency,
    ...(options.journalRules ? { journalRules: options.journalRules } : {}),
    createHandler({ db, send, store, agents, exchange }) {
      const frames = createFrames()
      const tools = createAgentTools({ host, options, frames, send, agents })
      const parts = {
        ...options,
        group: host.settings.group,
        registry: createToolRegistry(tools),
        frames,
        sessions: createSessions({ db, now: host.env.now, store, exchange }),
      }
      return (run) => runAgent(run, parts)
    },
  })
  return { ...member, id: options.agentId }
}
