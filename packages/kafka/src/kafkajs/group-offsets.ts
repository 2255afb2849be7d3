import { AppError } from '@kafclaw/envelope'
import type { CommittedOffset, Log } from '../log.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Cluster } from './cluster.ts'
import { commitOffsets, fetchCommitted, findCoordinator } from './group-offset-requests.ts'

/** Offsets under the names of groups that have no members, asked of their coordinators; one attempt. */
export function createGroupOffsets(cluster: Cluster): Pick<Log, 'commitGroupOffsets' | 'groupOffsets'> {
  /** Asked anew each time: it moves with the brokers, and nobody asks often. */
  async function coordinator(groupName: string): Promise<BrokerLink> {
    const { brokers } = await cluster.metadata([])
    const nodeId = brokers[0]?.nodeId
    if (nodeId === undefined) throw new AppError('KC_KAFKA_UNREACHABLE', 'The cluster names no broker')
    return cluster.link(await findCoordinator(await cluster.link(nodeId), groupName))
  }

  return {
    async commitGroupOffsets(groupName, offsets) {
      if (offsets.length > 0) await commitOffsets(await coordinator(groupName), groupName, offsets)
    },
    async groupOffsets(groupName, topics) {
      const committed: CommittedOffset[] = await fetchCommitted(await coordinator(groupName), groupName)
      return committed.filter(({ topic }) => topics.includes(topic))
    },
  }
}
