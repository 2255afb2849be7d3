// A second process on one embedded log: publishes `count` records, then answers each record of topic `ask` on topic `answer`.
import { createSystemEnv } from '@kafclaw/env'
import { createLogger } from '@kafclaw/telemetry'
import { createEmbeddedLog } from '../src/index.ts'

const [path = '', count = '0'] = process.argv.slice(2)
const log = createEmbeddedLog({
  path,
  env: createSystemEnv(),
  logger: createLogger({ service: 'child', level: 'error' }),
})
const publisher = log.publisher()
const record = (topic: string, value: string) => ({
  topic,
  partition: 0,
  key: null,
  value: Buffer.from(value),
  headers: [],
})

const reader = log.read({
  topics: ['ask'],
  position: () => 'start',
  async onBatch(batches) {
    for (const { value } of batches.flatMap((batch) => batch.records)) {
      await publisher.publish([record('answer', `re: ${value?.toString()}`)])
    }
  },
})
await reader.caughtUp
process.stdout.write('ready\n')
for (let index = 0; index < Number(count); index++) await publisher.publish([record('shared', `child-${index}`)])
process.stdout.write('published\n')
process.on('SIGTERM', () => void log.close().then(() => process.exit(0)))
await reader.ended
