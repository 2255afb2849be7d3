import { createSystemEnv } from '@kafclaw/env'
import { createLogger } from '@kafclaw/telemetry'
import { createFaultProxy, type FaultProxy, type Passing, sharedBrokers, uniqueName } from '@kafclaw/testing'
import { createKafkaLog, type Log, readAll } from '../src/index.ts'

/** A topic of two partitions on the shared brokers. */
export interface BehindProxy extends AsyncDisposable {
  proxy: FaultProxy
  /** Reaches the broker through the proxy only. */
  log: Log
  direct: Log
  topic: string
}

export async function openBehindProxy(): Promise<BehindProxy> {
  const env = createSystemEnv()
  const logger = createLogger({ service: 'test', level: 'error' })
  const brokers = sharedBrokers()
  const proxy = await createFaultProxy(brokers[0] ?? '')
  const log = createKafkaLog({ brokers: [proxy.address], clientId: uniqueName('faults'), env, logger })
  const direct = createKafkaLog({ brokers, clientId: uniqueName('direct'), env, logger })
  const topic = uniqueName('t')
  await direct.createTopics([{ name: topic, partitions: 2, configs: {} }])
  return {
    proxy,
    log,
    direct,
    topic,
    async [Symbol.asyncDispose]() {
      await log.close()
      await direct.close()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

/** Does something to the n-th message of a kind, and passes the others. */
export function nth(n: number, apiKey: number, fate: (passing: Passing) => ReturnType<FaultProxy['onAnswer']>) {
  let seen = 0
  return (passing: Passing) => (passing.apiKey === apiKey && ++seen === n ? fate(passing) : 'pass')
}

export async function valuesIn(log: Log, topic: string): Promise<string[]> {
  return (await readAll(log, [topic])).map(({ value }) => value?.toString() ?? '')
}
