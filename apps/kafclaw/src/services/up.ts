import { runServiceProcess } from '@kafclaw/runtime'
import { ownAgentId } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { createAgent, createAuditSink, createIndexer } from './create-services.ts'
import { createServiceSet } from './service-set.ts'
import { createTopicKeeper } from './topic-keeper.ts'

/** All services of this machine in one process, and the topics of their group. */
export function up({ io, output, overrides }: Invocation): Promise<number> {
  return runServiceProcess({
    name: 'kafclaw',
    variables: io.variables,
    overrides,
    async create(host) {
      const agentId = ownAgentId(host)
      const sink = await createAuditSink(host)
      const indexer = await createIndexer(host)
      const agent = await createAgent(host, indexer)
      const set = createServiceSet(agentId, [createTopicKeeper(host), sink, indexer, agent])
      set.whenReady().then(
        () => output.note(`${agentId} is ready; from another terminal: kafclaw ask "what can you do?"`),
        () => undefined,
      )
      return set
    },
  })
}
