import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { createEnvelope, partitionFor } from '@kafclaw/envelope'
import { createKafkaLog, type Log, type OffsetRange } from '@kafclaw/kafka'
import { applyTopics, plannedTopics, toOutgoing } from '@kafclaw/runtime'
import { createLogger } from '@kafclaw/telemetry'
import { type TempDir, tempDir, uniqueName } from '@kafclaw/testing'
import { startBroker, type TestBroker } from '@kafclaw/testing/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBE_TOPIC } from '../src/probes/probe-round-trips.ts'
import { commitOffset } from './commit-offsets.ts'
import { type Outcome, runKshark } from './run-kshark.ts'

const env = createSystemEnv()
const logger = createLogger({ service: 'test', level: 'silent' })
const ZONE = 'public'

let broker: TestBroker
let dir: TempDir
let log: Log
let plaintext = ''
/** Complete and right. */
const group = uniqueName('right')

const openLog = (brokers: string[]): Log => createKafkaLog({ brokers, clientId: 'test', env, logger })

beforeAll(async () => {
  dir = await tempDir()
  broker = await startBroker({ users: { alice: 'alice-secret', bob: 'bob-secret' }, authorize: true })
  plaintext = broker.brokers[0] ?? ''
  log = openLog(broker.brokers)
  await applyTopics({ log, env, scope: { group, zone: ZONE }, senderId: 'test', leaseMs: 12_000 })
})

afterAll(async () => {
  await log?.close()
  await broker?.stop()
  await dir?.[Symbol.asyncDispose]()
})

function check(variables: Record<string, string>, options: Parameters<typeof runKshark>[1] = {}): Promise<Outcome> {
  return runKshark({ KAFCLAW_KAFKA_BROKERS: plaintext, KAFCLAW_GROUP: group, ...variables }, options)
}

/** The settings of a listener with security. */
function secured(address: string | undefined, properties: string): Record<string, string> {
  const path = join(dir.path, `${uniqueName('client')}.properties`)
  writeFileSync(path, properties)
  return { KAFCLAW_KAFKA_BROKERS: address ?? '', KAFCLAW_KAFKA_PROPERTIES: path }
}

const login = (mechanism: string, password: string, user = 'alice') =>
  `sasl.mechanism=${mechanism}\nsasl.jaas.config=org.apache.kafka.common.security.${mechanism === 'PLAIN' ? 'plain.Plain' : 'scram.Scram'}LoginModule required username="${user}" password="${password}";\n`
const trust = () => `ssl.truststore.type=PEM\nssl.truststore.location=${broker.secure?.pki.caPath}\n`

async function endsOfLiveTopics(): Promise<OffsetRange[]> {
  const names = (await log.listTopics()).filter((name) => name !== PROBE_TOPIC)
  return log.offsets(names)
}

describe('a group that is as it must be', () => {
  it('exits 0 with a line for each layer', async () => {
    const { code, findings, failed, of } = await check({})
    expect({ code, failed }).toEqual({ code: 0, failed: [] })
    expect([...new Set(findings.map(({ layer }) => layer))]).toEqual([
      'settings',
      ...['dns', 'tcp', 'tls', 'api_versions', 'sasl'],
      ...['cluster', 'listeners', 'zone', 'topics', 'roster', 'groups', 'work', 'probe', 'clock'],
    ])
    expect(of('topics')).toMatchObject([{ status: 'ok', seen: expect.stringContaining('as the table says') }])
    // On a busy machine the trips may be slow, which is a warning.
    expect(of('probe')).toMatchObject([{ seen: expect.stringMatching(/p50 [\d.]+ ms.* of 10$/) }])
    expect(of('clock')).toMatchObject([{ status: 'ok' }])
    expect(of('work')).toMatchObject([{ status: 'skipped', seen: 'nobody commits its offsets yet' }])
  })

  it('writes nothing to any topic but its own, and nothing at all without a probe', async () => {
    const before = await endsOfLiveTopics()
    await check({})
    expect(await endsOfLiveTopics()).toEqual(before)
    const probed = await log.offsets([PROBE_TOPIC])
    expect(probed[0]?.end).toBeGreaterThan(0)
    expect((await check({}, { mayProbe: false })).of('probe')).toMatchObject([{ status: 'skipped' }])
    expect(await log.offsets([PROBE_TOPIC])).toEqual(probed)
  })

  it('exits 1 for a warning when strict, here because nobody is live', async () => {
    const { code, of } = await check({}, { strict: true, mayProbe: false })
    expect(of('roster')).toMatchObject([{ status: 'warning', seen: 'nobody has ever announced itself' }])
    expect(code).toBe(1)
  })

  it('goes on when one of several brokers is out of reach', async () => {
    const { code, of } = await check({ KAFCLAW_KAFKA_BROKERS: `127.0.0.1:1,${plaintext}` }, { mayProbe: false })
    expect(code).toBe(0)
    expect(of('tcp')).toMatchObject([{ status: 'warning', name: '127.0.0.1:1' }, { status: 'ok' }])
  })
})

describe('security', () => {
  it('shows how it got in over SASL_SSL', async () => {
    const text = `security.protocol=SASL_SSL\n${login('SCRAM-SHA-512', 'alice-secret')}${trust()}`
    const { of } = await check(secured(broker.secure?.saslSsl, text))
    expect(of('tls')).toMatchObject([{ status: 'ok', seen: expect.stringContaining('CN=kafclaw-test-ca') }])
    expect(of('sasl')).toMatchObject([{ status: 'ok', seen: expect.stringContaining('SASL SCRAM-SHA-512 as alice') }])
  })

  it('exits 4 naming SASL for a wrong password, and never shows it', async () => {
    const text = `security.protocol=SASL_SSL\n${login('PLAIN', 'pass-the-sea')}${trust()}`
    const { code, failed, findings } = await check(secured(broker.secure?.saslSsl, text))
    expect(code).toBe(4)
    expect(failed).toEqual([expect.stringMatching(/^sasl .*SASL PLAIN as alice/)])
    expect(JSON.stringify(findings)).not.toContain('pass-the-sea')
  })

  it('exits 3 naming TLS for an authority that it does not trust', async () => {
    const text = `security.protocol=SASL_SSL\n${login('PLAIN', 'alice-secret')}`
    const { code, failed, of } = await check(secured(broker.secure?.saslSsl, text))
    expect(code).toBe(3)
    expect(failed).toEqual([expect.stringMatching(/^tls .*TLS: the authority CN=kafclaw-test-ca is not trusted/)])
    expect(of('sasl')).toMatchObject([{ status: 'skipped' }])
  })

  it('exits 3 naming TLS on a port without it', async () => {
    const { code, failed } = await check(secured(plaintext, `security.protocol=SSL\n${trust()}`))
    expect(code).toBe(3)
    expect(failed).toEqual([expect.stringMatching(/^tls .*TLS: /)])
  })

  it('exits 4 without the client certificate that the listener wants, and gets in with it', async () => {
    const without = await check(secured(broker.secure?.mtls, `security.protocol=SSL\n${trust()}`))
    expect(without.code).toBe(4)
    expect(without.failed).toEqual([expect.stringMatching(/^tls .*client certificate/)])
    const store = `ssl.keystore.type=PEM\nssl.keystore.location=${broker.secure?.pki.client('alice').storePath}\n`
    const { of } = await check(secured(broker.secure?.mtls, `security.protocol=SSL\n${trust()}${store}`))
    expect(of('sasl')).toMatchObject([{ status: 'ok', seen: 'client certificate, no SASL: let in' }])
  })

  it('exits 4 naming the mechanisms that a listener wants, when there are no credentials', async () => {
    const { code, failed } = await check({ KAFCLAW_KAFKA_BROKERS: broker.secure?.saslPlaintext ?? '' })
    expect(code).toBe(4)
    expect(failed).toEqual([expect.stringMatching(/^sasl .*wants SASL \(.*PLAIN/)])
  })

  it('exits 4 for SASL on a listener that has none', async () => {
    const text = `security.protocol=SASL_PLAINTEXT\n${login('PLAIN', 'alice-secret')}`
    const { code, failed } = await check(secured(plaintext, text))
    expect(code).toBe(4)
    expect(failed).toEqual([expect.stringContaining('the listener does not use SASL')])
  })

  it('exits 1 for a user that may see none of the topics, and only warns that it may not probe', async () => {
    const text = `security.protocol=SASL_SSL\n${login('PLAIN', 'bob-secret', 'bob')}${trust()}`
    const { code, of } = await check(secured(broker.secure?.saslSsl, text))
    expect(code).toBe(1)
    expect(of('topics')).toMatchObject([{ status: 'failed', advice: expect.stringContaining('DESCRIBE') }])
    expect(of('probe')).toMatchObject([{ status: 'warning', advice: expect.stringContaining(PROBE_TOPIC) }])
  })
})

describe('a group that is not as it must be', () => {
  it('exits 1 and says how to create a group that is not there', async () => {
    const { code, of } = await check({ KAFCLAW_GROUP: uniqueName('nobody') }, { mayProbe: false })
    expect(code).toBe(1)
    expect(of('zone')).toMatchObject([{ status: 'failed', advice: expect.stringContaining('kafclaw topics apply') }])
    expect(of('topics')).toHaveLength(1)
  })

  it('exits 1 naming each topic with other settings, and warns of strangers under the prefix', async () => {
    const name = uniqueName('wrong')
    const scope = { group: name, zone: ZONE }
    const wrong = plannedTopics(scope).map((topic) => {
      if (topic.name.endsWith('.requests'))
        return { ...topic, configs: { ...topic.configs, 'retention.ms': '3600000' } }
      return topic.name.endsWith('.responses') ? { ...topic, partitions: 2 } : topic
    })
    await log.createTopics([...wrong, { name: `group.${name}.reqests`, partitions: 1, configs: {} }])
    await applyTopics({ log, env, scope, senderId: 'test', leaseMs: 12_000 })
    const { code, failed, of } = await check({ KAFCLAW_GROUP: name }, { mayProbe: false })
    expect(code).toBe(1)
    expect(failed).toEqual([
      `topics group.${name}.requests: retention.ms is 3600000, must be 604800000`,
      `topics group.${name}.responses: has 2 partitions, must have 6`,
    ])
    expect(of('topics').at(-1)).toMatchObject({ status: 'warning', name: `group.${name}.reqests` })
  })

  it('shows the lag of a foreign consumer group, and exits 1 when its tasks wait and it is not there', async () => {
    const name = uniqueName('lag')
    const scope = { group: name, zone: ZONE }
    await applyTopics({ log, env, scope, senderId: 'test', leaseMs: 12_000, skills: ['ocr'] })
    const topic = `group.${name}.skill.ocr.requests`
    const key = Buffer.from('task_1')
    const partition = partitionFor(key, 6)
    await using publisher = Object.assign(log.publisher(), {
      async [Symbol.asyncDispose]() {
        await publisher.close()
      },
    })
    const request = { topic, partition, key, value: Buffer.from('{"type":"request","payload":{"content":"x"}}') }
    await publisher.publish([1, 2, 3].map(() => ({ ...request, headers: [] })))
    await commitOffset(plaintext, { groupId: 'ocr-app', topic, partition, offset: 1 })

    const variables = { KAFCLAW_GROUP: name }
    const doubtful = await check(variables, { mayProbe: false })
    expect(doubtful.code).toBe(0)
    expect(doubtful.of('groups')).toMatchObject([
      { status: 'warning', name: 'ocr-app', seen: expect.stringMatching(`^0 members; ${topic} lag 2, the oldest`) },
    ])

    const skill = createEnvelope(
      { type: 'skill', group: name, zone: ZONE, sender_id: 'test', payload: { skill: 'ocr', served_by: 'group' } },
      { id: env.newId(), nowMs: env.now() },
    )
    await publisher.publish([toOutgoing(skill, { partitions: 6 })])
    const { code, failed } = await check(variables, { mayProbe: false })
    expect(code).toBe(1)
    expect(failed).toEqual([expect.stringContaining(`groups ocr-app: 0 members; ${topic} lag 2`)])

    await commitOffset(plaintext, { groupId: `group.${name}.work`, topic, partition, offset: 3 })
    expect((await check(variables, { mayProbe: false })).of('work')).toMatchObject([
      { status: 'ok', seen: expect.stringContaining(`${topic} lag 0`) },
    ])
  })
})

it('exits 3 naming the address that a broker advertises and that does not lead to it', async () => {
  await using lost = await startBroker({
    properties: { 'advertised.listeners': 'PLAINTEXT://no-such-host.invalid:9092' },
  })
  const { code, failed, of } = await check({ KAFCLAW_KAFKA_BROKERS: lost.brokers.join(',') })
  expect(code).toBe(3)
  expect(failed).toEqual([expect.stringContaining('listeners broker 1: advertises no-such-host.invalid:9092')])
  expect(of('topics')).toMatchObject([{ status: 'skipped' }])
})
