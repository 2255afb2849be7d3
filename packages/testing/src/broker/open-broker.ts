import { type BrokerSettings, readBrokerSettings } from './settings.ts'
import { startBroker } from './start-broker.ts'

export interface OpenBroker extends AsyncDisposable {
  readonly brokers: string[]
  /** Version of a broker that was started here; null for brokers that the user named. */
  readonly version: string | null
  /** `named` brokers belong to the user: use names of your own on them and remove what you created. */
  readonly how: 'named' | 'java' | 'docker'
}

/**
 * A Kafka to use: the brokers that the user named (KAFCLAW_KAFKA_BROKERS), else one started by Java and Maven,
 * else by Docker. Disposing ends only what was started here. Errors: as `startBroker`.
 */
export async function openBroker(settings: BrokerSettings = readBrokerSettings()): Promise<OpenBroker> {
  if (settings.namedBrokers.length === 0) return startBroker({ settings })
  return { brokers: settings.namedBrokers, version: null, how: 'named', [Symbol.asyncDispose]: async () => {} }
}
