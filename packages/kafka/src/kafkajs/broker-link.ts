import { AppError } from '@kafclaw/envelope'
import Broker from 'kafkajs/src/broker/index.js'
import ConnectionPool from 'kafkajs/src/network/connectionPool.js'
import createSocketFactory from 'kafkajs/src/network/socketFactory.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { KafkaProperties } from '../security/kafka-properties.ts'
import { connectionError } from './connection-error.ts'
import { patchRequestQueueTimer } from './request-queue-timer.ts'

/** One TCP connection to one broker: connected once, used until it breaks, never used again after that. */
export interface BrokerLink {
  readonly address: string
  readonly isOpen: boolean
  /** The requests that the broker speaks; it was asked before anybody logged in. */
  readonly offered: readonly ApiRange[]
  /** The highest version of a request that both sides speak; KC_KAFKA_REJECTED when there is none. */
  version(apiKey: number, ours: { min: number; max: number }): number
  send<R>(request: LinkRequest<R>): Promise<R>
  /** Breaks the connection; whatever waits on it fails at once. */
  destroy(): void
}

/** The versions of one request that a broker offers. */
export interface ApiRange {
  key: number
  min: number
  max: number
}

interface LinkRequest<R> {
  apiKey: number
  apiVersion: number
  apiName: string
  body: Buffer
  decode(payload: Buffer): R
  /** Only ever longer than the link's own. */
  timeoutMs?: number
}

export interface LinkOptions {
  host: string
  port: number
  nodeId: number | null
  clientId: string
  properties: KafkaProperties
  requestTimeoutMs: number
  /** From createKafkajsLogger. */
  kafkajsLogger: unknown
  /** Gives the attempt up, and breaks the connection later. */
  signal: AbortSignal
  /** What the broker speaks, where it was asked over another connection that is still open. */
  offered?: readonly ApiRange[]
}

const LONGEST_CONNECT_MS = 5_000

/** Opens a connection: TCP, TLS, versions, SASL. Throws AppError as connectionError says. */
export async function openBrokerLink(options: LinkOptions): Promise<BrokerLink> {
  patchRequestQueueTimer()
  const address = `${options.host}:${options.port}`
  const connectTimeoutMs = Math.min(options.requestTimeoutMs, LONGEST_CONNECT_MS)
  const pool = new ConnectionPool({
    host: options.host,
    port: options.port,
    clientId: options.clientId,
    ssl: options.properties.ssl,
    sasl: options.properties.sasl,
    socketFactory: createSocketFactory(),
    connectionTimeout: connectTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    enforceRequestTimeout: true,
    maxInFlightRequests: null,
    logger: options.kafkajsLogger,
  })
  const broker = new Broker({
    connectionPool: pool,
    logger: options.kafkajsLogger,
    nodeId: options.nodeId,
    versions: options.offered ? toVersions(options.offered) : null,
    authenticationTimeout: options.requestTimeoutMs,
    allowAutoTopicCreation: false,
  })
  // A pool has a second connection for fetches; links are one connection each, so that no one waits behind another's fetch.
  const connection = pool.pool[0]
  if (connection === undefined) throw new TypeError('kafkajs made a pool without connections')
  const destroy = (): void => {
    options.signal.removeEventListener('abort', destroy)
    breakConnection(connection)
  }
  options.signal.addEventListener('abort', destroy)
  try {
    await broker.connect()
    options.signal.throwIfAborted()
  } catch (thrown) {
    destroy()
    throw connectionError(thrown, address)
  }
  const versions = broker.versions ?? {}
  const offered = Object.entries(versions).map(([key, { minVersion, maxVersion }]) => ({
    key: Number(key),
    min: minVersion,
    max: maxVersion,
  }))
  return {
    address,
    offered,
    get isOpen() {
      return connection.isConnected()
    },
    version(apiKey, ours) {
      const theirs = versions[apiKey]
      const version = Math.min(ours.max, theirs?.maxVersion ?? -1)
      if (theirs && version >= Math.max(ours.min, theirs.minVersion)) return version
      const text = `Kafka at ${address} does not speak request ${apiKey} in a version from ${ours.min} to ${ours.max}; use Kafka 2.3 or newer`
      throw new AppError('KC_KAFKA_REJECTED', text, { details: { address, theirs } })
    },
    async send<R>({ apiKey, apiVersion, apiName, body, decode, timeoutMs }: LinkRequest<R>): Promise<R> {
      let answer: { value: R } | undefined
      try {
        await connection.send({
          request: { apiKey, apiVersion, apiName, encode: () => Promise.resolve(encoded(body)) },
          response: {
            decode: (payload) => {
              answer = { value: decode(payload) }
              return Promise.resolve(answer.value)
            },
            parse: asIs,
          },
          logResponseError: false,
          ...(timeoutMs === undefined ? {} : { requestTimeout: timeoutMs }),
        })
      } catch (thrown) {
        throw failed(thrown)
      }
      if (answer === undefined) throw new TypeError(`${apiName} was answered without a body`)
      return answer.value
    },
    destroy,
  }
  // After an error nothing is known of what stands in the pipe: an answer that comes late would be taken for another's.
  function failed(thrown: unknown): AppError {
    destroy()
    return connectionError(thrown, address)
  }
}

/** As kafkajs keeps them. */
function toVersions(offered: readonly ApiRange[]): Record<number, { minVersion: number; maxVersion: number }> {
  return Object.fromEntries(offered.map(({ key, min, max }) => [key, { minVersion: min, maxVersion: max }]))
}

const asIs = (decoded: unknown): Promise<unknown> => Promise.resolve(decoded)

function encoded(body: Buffer): Encoder {
  const encoder = new Encoder(body.length)
  encoder.writeBufferInternal(body)
  return encoder
}

function breakConnection(connection: ConnectionPool.Connection): void {
  const closed = new Error('the connection was closed')
  connection.connectionStatus = 'disconnected'
  // Each of these frees another kind of waiter: a handshake, a request, a connect.
  connection.authHandlers?.onError()
  connection.requestQueue.rejectAll(closed)
  connection.requestQueue.destroy()
  connection.socket?.destroy(closed)
}
