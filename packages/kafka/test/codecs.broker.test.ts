import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSystemEnv } from '@kafclaw/env'
import { createLogger } from '@kafclaw/telemetry'
import { sharedBrokers, uniqueName } from '@kafclaw/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKafkaLog, type Log, readAll } from '../src/index.ts'
import { record } from './contract/contract-log.ts'

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd']
const hasKcat = spawnSync('kcat', ['-V']).status === 0

// Several blocks of each codec: text that repeats, and bytes that do not compress.
const values = Array.from({ length: 60 }, (_, index) =>
  index % 3 === 0 ? randomBytes(4_000).toString('hex') : `${index} `.padEnd(9_000, `the quick brown fox ${index % 7} `),
)

let log: Log

beforeAll(() => {
  const brokers = sharedBrokers()
  log = createKafkaLog({
    brokers,
    clientId: 'codecs',
    env: createSystemEnv(),
    logger: createLogger({ service: 'test', level: 'error' }),
    compression: 'gzip',
  })
})
afterAll(() => log.close())

async function topic(configs: Record<string, string> = {}): Promise<string> {
  const name = uniqueName('codec')
  await log.createTopics([{ name, partitions: 1, configs }])
  return name
}

async function valuesOf(name: string): Promise<string[]> {
  return (await readAll(log, [name])).map(({ value }) => value?.toString() ?? '')
}

describe.each(CODECS)('%s', (codec) => {
  it('is read when the broker compresses', async () => {
    const name = await topic({ 'compression.type': codec })
    await log.publisher().publish(values.map((value) => record(name, value)))
    expect(await valuesOf(name)).toEqual(values)
  })

  it.skipIf(!hasKcat)('is read when librdkafka compresses', async () => {
    const name = await topic()
    const args = ['-P', '-b', sharedBrokers()[0] ?? '', '-t', name, '-p', '0', '-z', codec, '-X', 'linger.ms=200']
    execFileSync('kcat', args, { input: values.join('\n') })
    expect(await valuesOf(name)).toEqual(values)
  })
})

it('sends large batches compressed when told to, and small ones as they are', async () => {
  const name = await topic()
  const publisher = log.publisher()
  await publisher.publish(values.map((value) => record(name, value)))
  await publisher.publish([record(name, 'small')])
  expect(await valuesOf(name)).toEqual([...values, 'small'])
})
