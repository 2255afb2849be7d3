import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Log, TopicDescription } from '../log.ts'
import { answerCode, answerError } from './answer-code.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Cluster } from './cluster.ts'
import { createGroupOffsets } from './group-offsets.ts'
import { createTopicOffsets } from './topic-offsets.ts'
import { createTopicsAt, deleteTopicsAt, describeConfigs, type TopicAnswer } from './topic-requests.ts'

const ATTEMPTS = 6
const FIRST_DELAY_MS = 50
const LONGEST_VISIBLE_MS = 10_000

export type TopicAdmin = Pick<
  Log,
  | 'clusterId'
  | 'listTopics'
  | 'describe'
  | 'createTopics'
  | 'deleteTopics'
  | 'offsets'
  | 'offsetsAt'
  | 'commitGroupOffsets'
  | 'groupOffsets'
>

/** The questions about topics and offsets, on a cluster of their own; each is tried a few times over about three seconds. */
export function createTopicAdmin(cluster: Cluster, options: { env: Env; requestTimeoutMs: number }): TopicAdmin {
  const offsets = createTopicOffsets(cluster)
  const groups = createGroupOffsets(cluster)

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

  /** A topic is usable when the leaders of its partitions answer for them; the controller answers a moment before that. */
  async function untilVisible(topics: readonly string[]): Promise<void> {
    const deadlineMs = options.env.monotonicMs() + LONGEST_VISIBLE_MS
    for (;;) {
      try {
        await offsets.ranges(topics)
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
    offsets: (topics) => retrying(() => offsets.ranges(topics)),
    offsetsAt: (topics, timestampMs) => retrying(() => offsets.at(topics, timestampMs)),
    commitGroupOffsets: (groupName, committed) => retrying(() => groups.commitGroupOffsets(groupName, committed)),
    groupOffsets: (groupName, topics) => retrying(() => groups.groupOffsets(groupName, topics)),
  }
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
