import { API_KEYS } from '../kafkajs/api-keys.ts'

/** A request that our client sends, with the versions of it that it can write. */
export interface NeededApi {
  name: string
  key: number
  min: number
  max: number
  /** `client`: nothing works without it; `topics`: to create and remove them; `inspect`: only to look at consumer groups. */
  use: 'client' | 'topics' | 'inspect'
}

/**
 * All requests of this package. A broker serves us when, of each, it offers one of these versions. A test keeps the table
 * equal to what the requests ask for; those without a version negotiated here (SASL) are sent by kafkajs itself.
 */
export const NEEDED_APIS: readonly NeededApi[] = [
  { name: 'Produce', key: API_KEYS.produce, min: 3, max: 7, use: 'client' },
  { name: 'Fetch', key: API_KEYS.fetch, min: 4, max: 11, use: 'client' },
  { name: 'ListOffsets', key: API_KEYS.listOffsets, min: 1, max: 2, use: 'client' },
  { name: 'Metadata', key: API_KEYS.metadata, min: 4, max: 6, use: 'client' },
  { name: 'InitProducerId', key: API_KEYS.initProducerId, min: 0, max: 1, use: 'client' },
  { name: 'FindCoordinator', key: API_KEYS.findCoordinator, min: 0, max: 2, use: 'client' },
  { name: 'OffsetCommit', key: API_KEYS.offsetCommit, min: 2, max: 5, use: 'client' },
  { name: 'OffsetFetch', key: API_KEYS.offsetFetch, min: 2, max: 4, use: 'client' },
  { name: 'CreateTopics', key: API_KEYS.createTopics, min: 4, max: 4, use: 'topics' },
  { name: 'DeleteTopics', key: API_KEYS.deleteTopics, min: 1, max: 3, use: 'topics' },
  { name: 'DescribeConfigs', key: API_KEYS.describeConfigs, min: 1, max: 2, use: 'topics' },
  { name: 'ListGroups', key: API_KEYS.listGroups, min: 0, max: 2, use: 'inspect' },
  { name: 'DescribeGroups', key: API_KEYS.describeGroups, min: 0, max: 2, use: 'inspect' },
]
