import { openBroker } from '../broker/index.ts'
import { TEST_BROKERS_VARIABLE } from '../settings.ts'

/** Runs once, before the first broker test: one Kafka for all of them, in the environment that test processes inherit. */
export async function setup(): Promise<() => PromiseLike<void>> {
  const broker = await openBroker()
  process.env[TEST_BROKERS_VARIABLE] = broker.brokers.join(',')
  return () => broker[Symbol.asyncDispose]()
}
