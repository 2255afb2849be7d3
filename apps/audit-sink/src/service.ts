import { parseTopicName, type TopicKind } from '@kafclaw/envelope'
import {
  createFollowingService,
  createTopicFollower,
  deadLetterPoison,
  groupTopics,
  type Host,
  openMember,
  type Service,
} from '@kafclaw/runtime'
import { openAuditFile } from './audit-file.ts'
import { auditSinkId, CAPACITY } from './config.ts'
import { createAuditEvents } from './events.ts'
import { createTraceHandler } from './handlers/trace.ts'

/**
 * Keeps every record of every topic of the group, with its place, bytes and edges, and serves them as the skill
 * `audit.trace`. Error: KC_STORAGE_LOCKED when another process has its folder.
 */
export function createAuditSink(host: Host, id: string = auditSinkId(host)): Service {
  const { env, log, metrics, settings } = host
  const logger = host.logger.child({ member: id })

  const member = openMember(host, {
    agentId: id,
    role: 'audit',
    skills: [
      { name: 'audit.trace', description: 'Tells what led to a task, a record or a position, and what came of it.' },
    ],
    capacity: CAPACITY,
    createHandler: () => (run) => handleTrace(run),
  })
  // The folder is ours from here on.
  const path = host.data.member(id).auditDb
  const audit = openAuditFile({ path, disk: host.disk, env, events: createAuditEvents(logger, metrics) })
  const follower = createTopicFollower({
    env,
    logger,
    metrics,
    log,
    name: 'audit',
    topics: () => groupTopics(log, settings.group),
    rows: audit.rows,
    // Of its own topics the member writes the dead letters; of those that nobody reads, the sink does.
    beforeTake: (batches) =>
      deadLetterPoison(batches, {
        member,
        concerns: (record) => isUnread(record.topic, settings.zone) && !audit.isKept(record),
      }),
  })
  const handleTrace = createTraceHandler({ db: audit.db, reachEnd: follower.reachEnd })
  return createFollowingService({ id, member, follower, close: audit.close })
}

/** Topics whose poison the sink's own member does not meet. Other zones keep theirs: a dead letter must not cross over. */
function isUnread(topic: string, zone: string): boolean {
  const address = parseTopicName(topic)
  return address?.zone === zone && UNREAD.has(address.kind)
}

const UNREAD: ReadonlySet<TopicKind> = new Set(['traces', 'memory_shared', 'skill_requests'])
