import { createSystemEnv } from '@kafclaw/env'
import { describe } from 'vitest'
import { createSimulatedBroker, type SimulatedLink } from '../src/testing/index.ts'
import type { LogForm } from './contract/contract-log.ts'
import { logContract } from './log-contract.ts'

describe('the log of simulations keeps the contract', () => {
  logContract(async (): Promise<LogForm> => {
    const env = createSystemEnv()
    const broker = createSimulatedBroker({ env, leaders: 1 })
    const link: SimulatedLink = {
      env,
      mayCall: () => true,
      travelMs: () => 1,
      fetchMs: () => 1,
      fate: () => 'taken',
    }
    return {
      open: () => broker.connect(link),
      deleteBefore: async (topic, partition, offset) => broker.deleteBefore({ topic, partition, offset }),
      compact: async () => broker.keepHouse(),
      [Symbol.asyncDispose]: async () => broker[Symbol.dispose](),
    }
  })
})
