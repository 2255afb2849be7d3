import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Log, OffsetRange, TopicDescription } from '../log.ts'
import { answerCode, answerError } from './answer-code.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Cluster } from './cluster.ts'
import { LIST_END, LIST_START, listOffsets } from './list-offsets.ts'
import { leadersOf, type PartitionLeader } from './topic-leaders.ts'
import { createTopicsAt, deleteTopicsAt, describeConfigs, type TopicAnswer } from './topic-requests.ts'

const ATTEMPTS = 6
const FIRST_DELAY_MS = 50
const LONGEST_VISIBLE_MS = 10_000

export type TopicAdmin = Pick<
  Log,
  'clusterId' | 'listTopics' | 'describe' | 'createTopics' | 'deleteTopics' | 'offsets' | 'offsetsAt'
>

/** The questions about topics and offsets, on a cluster of their own; each is tried a few times over about three seconds. */
export function createTopicAdmin(cluster: Cluster, options: { env: Env; requestTimeoutMs: number }): TopicAdmin {
  async function retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (thrown) {
        const error = AppError.fromUnknown(thrown, 'KC_KAFKA_FAILED')
        if (!error.retryable || error.code === 'KC_INTERRUPTED' || attempt >= ATTEMPTS) throw error
        await sleep(options.env, FIRST_DELAY_MS * 2 ** attempt)
      }
    }
  }

  async function controller(): Promise<BrokerLink> {
    const { controllerId, brokers } = await cluster.metadata([])
    // A broker that lists no controller (KRaft behind a proxy) forwards the request itself.
    const nodeId = controllerId >= 0 ? controllerId : brokers[0]?.nodeId
    if (nodeId === undefined) throw new AppError('KC_KAFKA_UNREACHABLE', 'The cluster names no broker')
    return cluster.link(nodeId)
  }

  async function leaders(topics: readonly string[]): Promise<PartitionLeader[]> {
    return topics.length === 0 ? [] : leadersOf(await cluster.metadata(topics), topics)
  }

  async function list(partitions: readonly PartitionLeader[], timestampMs: number): Promise<FoundOffset[]> {
    const answers = [...Map.groupBy(partitions, ({ leader }) => leader)].map(async ([nodeId, group]) =>
      listOffsets(await cluster.link(nodeId), group, timestampMs),
    )
    const offsets = new Map<string, number>()
    for (const { topic, partition, errorCode, offset } of (await Promise.all(answers)).flat()) {
      if (errorCode !== 0) throw answerError(errorCode, `topic ${topic}`)
      offsets.set(`${topic}/${partition}`, offset)
    }
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: offsets.get(`${topic}/${partition}`) ?? -1,
    }))
  }

  async function ranges(topics: readonly string[]): Promise<OffsetRange[]> {
    const partitions = await leaders(topics)
    // On one connection, so the start is answered first and the end is never before it.
    const [starts, ends] = await Promise.all([list(partitions, LIST_START), list(partitions, LIST_END)])
    return starts.map(({ topic, partition, offset }, index) => ({
      topic,
      partition,
      start: offset,
      end: ends[index]?.offset ?? offset,
    }))
  }

  async function offsetsAt(topics: readonly string[], timestampMs: number): Promise<FoundOffset[]> {
    const partitions = await leaders(topics)
    const [found, ends] = await Promise.all([list(partitions, timestampMs), list(partitions, LIST_END)])
    return found.map((entry, index) => (entry.offset >= 0 ? entry : { ...entry, offset: ends[index]?.offset ?? 0 }))
  }

  /** A topic is usable when the leaders of its partitions answer for them; the controller answers a moment before that. */
  async function untilVisible(topics: readonly string[]): Promise<void> {
    const deadlineMs = options.env.monotonicMs() + LONGEST_VISIBLE_MS
    for (;;) {
      try {
        await list(await leaders(topics), LIST_END)
        return
      } catch (thrown) {
        const mayCome = thrown instanceof AppError && (thrown.retryable || thrown.code === 'KC_KAFKA_UNKNOWN_TOPIC')
        if (!mayCome || options.env.monotonicMs() > deadlineMs) throw thrown
        await sleep(options.env, FIRST_DELAY_MS)
      }
    }
  }

  return {
    clusterId: () => retrying(async () => (await cluster.metadata([])).clusterId),
    listTopics: () =>
      retrying(async () => {
        const { topics } = await cluster.metadata('all')
        return topics
          .filter(({ errorCode }) => errorCode === 0)
          .map(({ topic }) => topic)
          .sort()
      }),
    describe: (topics) =>
      retrying(async () => {
        if (topics.length === 0) return []
        const { topics: found, brokers } = await cluster.metadata(topics)
        const names = found.filter(({ topic, errorCode }) => exists(topic, errorCode)).map(({ topic }) => topic)
        const nodeId = brokers[0]?.nodeId
        if (names.length === 0 || nodeId === undefined) return []
        const configs = await describeConfigs(await cluster.link(nodeId), names)
        return found.flatMap(({ topic, partitions }): TopicDescription[] => {
          const answer = configs.find((entry) => entry.topic === topic)
          if (!answer) return []
          if (answer.errorCode !== 0)
            throw answerError(answer.errorCode, `the configuration of topic ${topic}`, answer.message)
          return [
            {
              name: topic,
              partitions: partitions.length,
              replicationFactor: partitions[0]?.replicas ?? 0,
              configs: answer.configs,
            },
          ]
        })
      }),
    async createTopics(topics) {
      if (topics.length === 0) return []
      // Kept over attempts: a topic that the first one created exists already for the second.
      const created = new Set<string>()
      await retrying(async () => {
        const answers = await createTopicsAt(await controller(), topics, options.requestTimeoutMs)
        for (const { topic, errorCode } of answers) if (errorCode === 0) created.add(topic)
        throwOthers(answers, 'exists')
      })
      await untilVisible(topics.map(({ name }) => name))
      return [...created]
    },
    deleteTopics: (names) =>
      retrying(async () => {
        if (names.length === 0) return
        throwOthers(await deleteTopicsAt(await controller(), names, options.requestTimeoutMs), 'missing')
      }),
    offsets: (topics) => retrying(() => ranges(topics)),
    offsetsAt: (topics, timestampMs) => retrying(() => offsetsAt(topics, timestampMs)),
  }
}

interface FoundOffset {
  topic: string
  partition: number
  offset: number
}

function exists(topic: string, errorCode: number): boolean {
  const { kind } = answerCode(errorCode)
  if (kind === 'ok') return true
  if (kind === 'missing') return false
  throw answerError(errorCode, `topic ${topic}`)
}

function throwOthers(answers: readonly TopicAnswer[], harmless: 'exists' | 'missing'): void {
  for (const { topic, errorCode, message } of answers) {
    const { kind } = answerCode(errorCode)
    if (kind !== 'ok' && kind !== harmless) throw answerError(errorCode, `topic ${topic}`, message)
  }
}
