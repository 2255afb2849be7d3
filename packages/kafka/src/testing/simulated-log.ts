import { AppError, type RecordPlace } from '@kafclaw/envelope'
import { createEmbeddedReader } from '../embedded/embedded-reader.ts'
import type { Log, OutgoingRecord, Publisher, PublisherOptions, Reader } from '../log.ts'
import type { BrokerParts } from './broker-parts.ts'
import { createFetchView } from './fetch-view.ts'
import { never, type SimulatedLink } from './simulated-link.ts'

const REQUEST_TIMEOUT_MS = 10_000
/** A batch that arrives when its sender has long given it up and sent it again. */
const LATE_BY_MS = 500

/** The log as one process sees it through its link. */
export function createSimulatedLog(parts: BrokerParts, link: SimulatedLink): Log {
  const { table, groups } = parts
  const readers = new Set<Reader>()
  let closed = false

  function failIfClosed(): void {
    if (closed) throw new AppError('KC_INTERRUPTED', 'The log was closed by this program')
  }

  /** A question and its answer; both travel. */
  async function ask<T>(what: string, work: () => T): Promise<T> {
    failIfClosed()
    if (!link.mayCall(what)) return never()
    return new Promise((resolve, reject) => {
      parts.env.setTimer(link.travelMs(), () => {
        const settle = attempt(work, resolve, reject)
        link.env.setTimer(link.travelMs(), settle)
      })
    })
  }

  return {
    kind: 'embedded',
    clusterId: () => ask('clusterId', () => parts.clusterId),
    publisher: (options) => createSimulatedPublisher({ parts, link, failIfClosed }, options),
    read(options) {
      failIfClosed()
      const topics = new Set(options.topics)
      const { source, watch } = createFetchView(parts, { link, topics })
      const reader = createEmbeddedReader({ env: link.env, table, source, watch }, options)
      const { close, addTopics } = reader
      reader.addTopics = (added) => {
        for (const topic of added) topics.add(topic)
        return addTopics(added)
      }
      reader.close = () => {
        readers.delete(reader)
        return close()
      }
      readers.add(reader)
      return reader
    },
    listTopics: () => ask('listTopics', table.list),
    describe: (topics) => ask('describe', () => table.describe(topics)),
    createTopics: (topics) => ask('createTopics', () => parts.createTopics(topics)),
    deleteTopics: (names) => ask('deleteTopics', () => parts.deleteTopics(names)),
    offsets: (topics) => ask('offsets', () => table.ranges(topics)),
    offsetsAt: (topics, timestampMs) =>
      ask('offsetsAt', () =>
        table.ranges(topics).map((range) => ({
          topic: range.topic,
          partition: range.partition,
          offset: table.offsetAt(range, timestampMs),
        })),
      ),
    commitGroupOffsets: (groupName, offsets) => ask('commitGroupOffsets', () => groups.commit(groupName, offsets)),
    groupOffsets: (groupName, topics) => ask('groupOffsets', () => groups.read(groupName, topics)),
    async close() {
      closed = true
      await Promise.all([...readers].map((reader) => reader.close()))
    },
  }
}

interface PublisherParts {
  parts: BrokerParts
  link: SimulatedLink
  failIfClosed(): void
}

/** One lane: calls in order, one batch in flight. */
function createSimulatedPublisher(
  { parts, link, failIfClosed }: PublisherParts,
  { lane = 'default', requestTimeoutMs = REQUEST_TIMEOUT_MS }: PublisherOptions = {},
): Publisher {
  let isOpen = true
  let flying: Promise<unknown> = Promise.resolve()

  function failUnlessOpen(): void {
    failIfClosed()
    if (isOpen) return
    throw new AppError('KC_INTERRUPTED', 'The publisher was closed; what was not acknowledged must be sent again')
  }

  function send(records: readonly OutgoingRecord[]): Promise<RecordPlace[]> {
    failUnlessOpen()
    if (!link.mayCall(`publish ${lane}`)) return never()
    const fate = link.fate(lane)
    return new Promise((resolve, reject) => {
      const timeout = link.env.setTimer(requestTimeoutMs, () =>
        reject(new AppError('KC_KAFKA_TIMEOUT', `A batch of lane ${lane} was not acknowledged in time`)),
      )
      if (fate === 'lost') return
      const travelMs = link.travelMs() + (fate === 'late' ? requestTimeoutMs + LATE_BY_MS : 0)
      parts.env.setTimer(travelMs, () => {
        const settle = attempt(() => parts.append(records), resolve, reject)
        if (fate === 'unanswered' || fate === 'late') return
        link.env.setTimer(link.travelMs(), () => {
          timeout.cancel()
          settle()
        })
      })
      if (fate === 'twice') {
        // Its own answer comes to nobody.
        parts.env.setTimer(travelMs + link.travelMs(), () => void attempt(() => parts.append(records), ignore, ignore))
      }
    })
  }

  return {
    async publish(records) {
      failUnlessOpen()
      if (records.length === 0) return []
      const sent = flying.then(() => send(records))
      flying = sent.catch(ignore)
      return sent
    },
    async close() {
      isOpen = false
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = link.env.setTimer(1_000, resolve)
      await Promise.race([flying, promise])
      timer.cancel()
    },
  }
}

function ignore(): void {}

/** Does the work at the broker; what it came to is told when the answer has arrived. */
function attempt<T>(work: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): () => void {
  try {
    const value = work()
    return () => resolve(value)
  } catch (error) {
    return () => reject(error)
  }
}
