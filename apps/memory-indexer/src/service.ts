import { topicName } from '@kafclaw/envelope'
import { createMemoryIndex, RECALL_SKILL, type Recall } from '@kafclaw/memory'
import {
  createFollowingService,
  createTopicFollower,
  deadLetterPoison,
  type Host,
  openMember,
  type Service,
} from '@kafclaw/runtime'
import { CAPACITY, type IndexerOptions, indexerOptions } from './config.ts'
import { createEmbedding, EMBEDDING } from './embedding.ts'
import { createRecallHandler } from './handlers/recall.ts'
import { createIndexRows } from './index-rows.ts'

/** The service, and what it serves for those who live in the same process. */
export interface MemoryIndexer extends Service {
  /** The index itself; a search waits, at most 2 s, until everything that lay on the topic before it is in the index. */
  readonly recall: Recall
}

/** How long a recall waits until what was shared before it is in the index. */
const REACH_END_MS = 2000

/**
 * Keeps the retrieval index of one agent from `memory.shared` of its zone and serves it as the skill `memory.recall` under
 * the id `<agent_id>-memory`. Error: KC_STORAGE_LOCKED when another process has its folder.
 */
export function createMemoryIndexer(host: Host, overrides: Partial<IndexerOptions> = {}): MemoryIndexer {
  const { env, log, metrics, settings } = host
  const { agentId, embedder } = { ...indexerOptions(host), ...overrides }
  const id = `${agentId}-memory`
  const logger = host.logger.child({ member: id })
  const topic = topicName(settings, 'memory_shared')

  const member = openMember(host, {
    agentId: id,
    role: 'indexer',
    skills: [{ name: RECALL_SKILL, description: `Searches the shared memory for ${agentId}.` }],
    capacity: CAPACITY,
    createHandler: () => (run) => handleRecall(run),
  })
  // The folder is ours from here on.
  const db = host.disk.open(host.data.member(id).memoryDb, 'memory')
  const index = createMemoryIndex({
    db,
    embedder,
    env,
    onDegraded: (reason) => logger.warn({ err: reason }, 'a recall had to do without vectors'),
  })
  const embedding = createEmbedding({ env, index, embedder, report: (ok, why) => follower.report(EMBEDDING, ok, why) })
  const rows = createIndexRows({ db, index, logger })
  const follower = createTopicFollower({
    env,
    logger,
    metrics,
    log,
    name: 'memory',
    topics: async () => (await log.listTopics()).filter((name) => name === topic),
    rows,
    isDerived: true,
    checks: [EMBEDDING],
    beforeTake: (batches) =>
      deadLetterPoison(batches, {
        member,
        concerns: ({ offset, partition }) => offset >= (rows.position(topic, partition) ?? 0),
      }),
    afterTake: embedding.catchUp,
  })

  const handleRecall = createRecallHandler({
    env,
    zones: [settings.zone],
    recall: index,
    whenReady: follower.whenReady,
    reachEnd: () => follower.reachEnd(REACH_END_MS),
  })
  const service = createFollowingService({ id, member, follower, close: () => db.close() })
  const recall: Recall = {
    async search(query, signal) {
      await follower.reachEnd(REACH_END_MS)
      return index.search(query, signal)
    },
  }
  return { ...service, recall }
}
