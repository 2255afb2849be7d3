import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Logger } from '@kafclaw/telemetry'
import type { KafkaProperties } from '../security/kafka-properties.ts'
import type { BrokerLink } from './broker-link.ts'
import { fetchMetadata, type Metadata } from './metadata.ts'

/** The brokers as one user of them, or several, see them: who they are, and the connections to them. */
export interface Cluster {
  /** Asks any broker in reach; `[]` asks for the brokers only. */
  metadata(topics: readonly string[] | 'all'): Promise<Metadata>
  /** The connection for ordinary requests to a broker, opened at first use and after it broke. */
  link(nodeId: number): Promise<BrokerLink>
  /** A new connection for the caller alone, until the signal; a waiting fetch holds up all else on its connection. */
  ownLink(nodeId: number, signal: AbortSignal): Promise<BrokerLink>
  close(): void
}

export interface ClusterOptions {
  brokers: readonly string[]
  clientId: string
  properties: KafkaProperties
  requestTimeoutMs: number
  env: Env
  logger: Logger
}

interface Address {
  host: string
  port: number
}

/** A broker that is just starting takes a connection and says nothing on it: meanwhile the next one is tried. */
const NEXT_SEED_MS = 1000

export function createCluster(options: ClusterOptions): Cluster {
  const seeds = options.brokers.map(parseAddress)
  const nodes = new Map<number, Address>()
  const links = new Map<number, BrokerLink>()
  const opening = new Map<number, Promise<BrokerLink>>()
  const closing = new AbortController()
  let seedLink: BrokerLink | null = null
  let seeding: Promise<BrokerLink> | null = null
  let nextCandidate = 0

  async function connect(
    address: Address,
    nodeId: number | null,
    signal: AbortSignal = closing.signal,
  ): Promise<BrokerLink> {
    failIfClosed(signal)
    // Loaded at first use: a command that runs on the embedded log must not pay for kafkajs.
    const { createKafkajsLogger, openBrokerLink } = await import('./kafkajs-doors.ts')
    failIfClosed(signal)
    // A broker that has not been away since it was asked speaks what it spoke then.
    const known = nodeId === null ? undefined : links.get(nodeId)
    return openBrokerLink({
      ...address,
      nodeId,
      clientId: options.clientId,
      properties: options.properties,
      requestTimeoutMs: options.requestTimeoutMs,
      kafkajsLogger: createKafkajsLogger(options.logger),
      signal,
      ...(known?.isOpen ? { offered: known.offered } : {}),
    })
  }

  function failIfClosed(signal = closing.signal): void {
    if (signal.aborted) throw new AppError('KC_INTERRUPTED', 'The connection to Kafka was closed by this program')
  }

  async function connectNode(nodeId: number, signal?: AbortSignal): Promise<BrokerLink> {
    const address = nodes.get(nodeId)
    if (address) return connect(address, nodeId, signal)
    throw new AppError('KC_KAFKA_UNREACHABLE', `Broker ${nodeId} is not among those that the cluster names`)
  }

  /** A connection to any broker; those who ask at the same time share it. */
  async function anyLink(): Promise<BrokerLink> {
    for (const link of links.values()) if (link.isOpen) return link
    if (seedLink?.isOpen) return seedLink
    seeding ??= connectSeed().finally(() => {
      seeding = null
    })
    return seeding
  }

  async function connectSeed(): Promise<BrokerLink> {
    // Brokers that metadata named are tried as well: the seeds may be gone for good in a long life.
    const candidates = [...seeds, ...nodes.values()]
    const failures: AppError[] = []
    const attempts: Array<Promise<BrokerLink>> = []
    while (attempts.length < candidates.length) {
      const address = candidates[nextCandidate++ % candidates.length]
      if (!address) break
      attempts.push(
        connect(address, null).catch((thrown: unknown) => {
          failures.push(AppError.fromUnknown(thrown, 'KC_KAFKA_UNREACHABLE'))
          throw thrown
        }),
      )
      const link = await firstOf(options.env, attempts, attempts.length < candidates.length)
      failIfClosed()
      if (link) {
        seedLink = link
        return link
      }
    }
    throw unreachable(options.brokers, failures)
  }

  function remember(metadata: Metadata, from: BrokerLink): void {
    nodes.clear()
    for (const { nodeId, host, port } of metadata.brokers) nodes.set(nodeId, { host, port })
    for (const [nodeId, link] of links) {
      if (link.isOpen && link.address === formatAddress(nodes.get(nodeId))) continue
      link.destroy()
      links.delete(nodeId)
    }
    // The broker that answered is mostly one of those named: one connection less.
    for (const [nodeId, address] of nodes) {
      if (from !== seedLink || from.address !== formatAddress(address) || links.has(nodeId)) continue
      links.set(nodeId, from)
      seedLink = null
    }
  }

  return {
    async metadata(topics) {
      const link = await anyLink()
      const metadata = await fetchMetadata(link, topics)
      remember(metadata, link)
      return metadata
    },
    async link(nodeId) {
      const known = links.get(nodeId)
      if (known?.isOpen) return known
      const underway = opening.get(nodeId) ?? connectNode(nodeId)
      opening.set(nodeId, underway)
      try {
        const link = await underway
        links.set(nodeId, link)
        return link
      } finally {
        opening.delete(nodeId)
      }
    },
    ownLink: connectNode,
    close: () => closing.abort(),
  }
}

/** The first connection to open; null when all have failed, or, with another candidate left, when none is open for a while. */
async function firstOf(
  env: Env,
  attempts: ReadonlyArray<Promise<BrokerLink>>,
  isOneLeft: boolean,
): Promise<BrokerLink | null> {
  const over = new AbortController()
  const opened = Promise.any(attempts).catch(() => null)
  const late = isOneLeft ? [sleep(env, NEXT_SEED_MS, over.signal).then(() => null)] : []
  const link = await Promise.race([opened, ...late])
  over.abort()
  if (link === null) return null
  for (const attempt of attempts)
    attempt.then(
      (other) => other !== link && other.destroy(),
      () => undefined,
    )
  return link
}

function unreachable(brokers: readonly string[], failures: readonly AppError[]): AppError {
  const final = failures.find((failure) => !failure.retryable)
  if (final) return final
  const reasons = [...new Set(failures.map((failure) => failure.message))].join('; ')
  const text = `No broker of ${brokers.join(', ')} can be reached: ${reasons}. Check the addresses, security.protocol, and that the brokers are up`
  return new AppError('KC_KAFKA_UNREACHABLE', text, { cause: failures[0], details: { brokers } })
}

function formatAddress(address: Address | undefined): string {
  return address ? `${address.host}:${address.port}` : ''
}

/** `host:port`, also `[::1]:9092`. */
function parseAddress(text: string): Address {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text.trim())
  if (!match?.[1]) throw new AppError('KC_CONFIG_INVALID', `"${text}" is not a broker address; write host:port`)
  return { host: match[1], port: Number(match[2]) }
}
