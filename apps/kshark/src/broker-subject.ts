import type { Env } from '@kafclaw/env'
import { formatAddress } from '@kafclaw/http/address'
import type { ApiRange, BrokerAddress, KafkaInspector, KafkaProperties, Metadata } from '@kafclaw/kafka'
import { once } from './once.ts'
import { type Resolved, resolveHost } from './probes/resolve-host.ts'

/** One broker that the settings name, and what is known of it; everything is asked once, when a check first needs it. */
export interface BrokerSubject {
  /** Its address as text. */
  name: string
  address: BrokerAddress
  properties: KafkaProperties
  env: Env
  timeoutMs: number
  resolved(): Promise<Resolved>
  apiRanges(): Promise<readonly ApiRange[]>
  saslMechanisms(): Promise<string[] | null>
  /** Fails where the broker does not let us in. */
  metadata(): Promise<Metadata>
}

export function createBrokerSubject(options: {
  address: BrokerAddress
  properties: KafkaProperties
  env: Env
  inspector: KafkaInspector
  timeoutMs: number
}): BrokerSubject {
  const { address, properties, env, inspector, timeoutMs } = options
  return {
    name: formatAddress(address),
    address,
    properties,
    env,
    timeoutMs,
    resolved: once(() => resolveHost(env, address.host, timeoutMs)),
    apiRanges: once(() => inspector.apiRanges(address)),
    saslMechanisms: once(() => inspector.saslMechanisms(address)),
    metadata: once(() => inspector.metadata(address)),
  }
}
