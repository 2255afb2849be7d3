import type { ConnectionOptions } from 'node:tls'

/** How to reach the brokers beyond their addresses, in the form that the connections take. */
export interface KafkaProperties {
  /** null: no TLS. */
  readonly ssl: ConnectionOptions | null
  /** null: no SASL. */
  readonly sasl: SaslOptions | null
  /** Sentences for the log, for example which keys were ignored. */
  readonly notes: readonly string[]
}

export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

export const PLAINTEXT: KafkaProperties = { ssl: null, sasl: null, notes: [] }
