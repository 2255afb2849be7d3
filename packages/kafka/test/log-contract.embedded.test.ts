import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { openDatabase } from '@kafclaw/storage'
import { createLogger } from '@kafclaw/telemetry'
import { tempDir } from '@kafclaw/testing'
import { describe } from 'vitest'
import { keepHouse } from '../src/embedded/housekeeping.ts'
import { createTopicTable } from '../src/embedded/topic-table.ts'
import { createEmbeddedLog } from '../src/index.ts'
import type { LogForm } from './contract/contract-log.ts'
import { logContract } from './log-contract.ts'

describe('contract log: embedded', () => {
  logContract(async (): Promise<LogForm> => {
    const dir = await tempDir()
    const env = createSystemEnv()
    const logger = createLogger({ service: 'test', level: 'error' })
    const path = join(dir.path, 'log.db')
    // Made before the suite begins, so that the file has its tables.
    await createEmbeddedLog({ path, env, logger }).close()
    return {
      open: () => createEmbeddedLog({ path, env, logger }),
      async deleteBefore(topic, partition, offset) {
        using db = openDatabase(path, 'log')
        db.transaction(() => {
          db.prepare('delete from record where topic = ? and partition = ? and offset < ?').run(
            topic,
            partition,
            offset,
          )
          db.prepare('update head set start_offset = ? where topic = ? and partition = ?').run(offset, topic, partition)
        })
      },
      async compact() {
        using db = openDatabase(path, 'log')
        keepHouse(db, createTopicTable(db), env.now())
      },
      [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
    }
  })
})
