import type { BrokerLink } from '../kafkajs/broker-link.ts'
import { fetchCommitted } from '../kafkajs/group-offset-requests.ts'
import type { CommittedOffset } from '../log.ts'
import { type DescribedGroup, describeGroups, type ListedGroup, listGroups } from './group-requests.ts'

/** A consumer group and what it has to do with the topics that were asked about. */
export interface ConsumerGroup {
  groupId: string
  /** Client ids; null where they cannot be seen, as those of a group of the newer protocol (KIP-848). */
  members: string[] | null
  /** Topics that its members read now. */
  topics: string[]
  committed: CommittedOffset[]
}

const GROUPS_AT_ONCE = 50
const DEAD = 'Dead'
/** Share groups commit no offsets (KIP-932). */
const SHARE = 'share'

/** The groups coordinated by this broker that read, or have committed offsets of, a topic that `concerns` us. */
export async function findConsumerGroups(
  link: BrokerLink,
  concerns: (topic: string) => boolean,
): Promise<ConsumerGroup[]> {
  const listed = (await listGroups(link)).filter(({ protocol }) => protocol !== SHARE)
  const found: ConsumerGroup[] = []
  for (let from = 0; from < listed.length; from += GROUPS_AT_ONCE) {
    const some = listed.slice(from, from + GROUPS_AT_ONCE)
    const [described, committed] = await Promise.all([
      describeGroups(
        link,
        some.map(({ groupId }) => groupId),
      ),
      Promise.all(some.map(({ groupId }) => fetchCommitted(link, groupId))),
    ])
    found.push(...some.map((group, index) => toConsumerGroup(group, described, committed[index] ?? [])))
  }
  return found
    .map((group) => ({
      ...group,
      topics: group.topics.filter(concerns),
      committed: group.committed.filter(({ topic }) => concerns(topic)),
    }))
    .filter(({ topics, committed }) => topics.length > 0 || committed.length > 0)
}

function toConsumerGroup(
  { groupId }: ListedGroup,
  described: readonly DescribedGroup[],
  committed: CommittedOffset[],
): ConsumerGroup {
  const group = described.find((other) => other.groupId === groupId)
  // A group of the newer protocol is listed, and does not exist for those who ask in the older one.
  if (group?.errorCode !== 0 || group.state === DEAD) {
    return { groupId, members: null, topics: [], committed }
  }
  return {
    groupId,
    members: group.members.map(({ clientId }) => clientId),
    topics: [...new Set(group.members.flatMap(({ topics }) => topics))].toSorted(),
    committed,
  }
}
