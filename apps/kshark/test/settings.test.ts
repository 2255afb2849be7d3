import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { parseCommandLine } from '../src/command-line.ts'
import { runKshark } from './run-kshark.ts'

it('exits 2 without brokers, and shows that nothing else was looked at', async () => {
  const { code, failed, findings } = await runKshark({})
  expect(code).toBe(2)
  expect(failed).toEqual(['settings KAFCLAW_*: no brokers are named'])
  expect(new Set(findings.slice(1).map(({ status, seen }) => `${status} ${seen}`))).toEqual(
    new Set(['skipped because settings failed']),
  )
})

it('exits 2 and names each problem with the settings, those of the properties file too', async () => {
  const wrong = await runKshark({ KAFCLAW_KAFKA_BROKERS: 'nonsense:port', KAFCLAW_GROUP: 'No Such' })
  expect([wrong.code, wrong.failed.length]).toEqual([2, 2])

  await using dir = await tempDir()
  const path = join(dir.path, 'client.properties')
  writeFileSync(path, 'security.protocol=SASL_SSL\nsasl.mechanism=KERBEROS\n')
  const properties = await runKshark({
    KAFCLAW_KAFKA_BROKERS: '127.0.0.1:9092',
    KAFCLAW_GROUP: 'acme',
    KAFCLAW_KAFKA_PROPERTIES: path,
  })
  expect(properties.code).toBe(2)
  expect(properties.failed.join()).toContain('sasl.mechanism=KERBEROS')
})

it('exits 3 naming TCP where nothing listens, and skips what lies above', async () => {
  const { code, failed, of } = await runKshark({ KAFCLAW_KAFKA_BROKERS: '127.0.0.1:1', KAFCLAW_GROUP: 'acme' })
  expect(code).toBe(3)
  expect(failed).toEqual([expect.stringContaining('tcp 127.0.0.1:1: TCP: 127.0.0.1: connection refused')])
  expect(of('tls')).toMatchObject([{ status: 'skipped', seen: 'because tcp failed' }])
  expect(of('topics')).toMatchObject([{ status: 'skipped', seen: 'because every broker failed' }])
})

it('exits 3 naming DNS for a host that nobody knows', async () => {
  const { code, failed } = await runKshark({
    KAFCLAW_KAFKA_BROKERS: 'no-such-host.invalid:9092',
    KAFCLAW_GROUP: 'acme',
  })
  expect(code).toBe(3)
  expect(failed).toEqual([expect.stringMatching(/^dns no-such-host\.invalid:9092: DNS: /)])
})

it('reads its arguments, and refuses what it does not know', () => {
  expect(parseCommandLine(['-o', 'json', '--strict', '--no-probe', '--group', 'acme'])).toMatchObject({
    format: 'json',
    strict: true,
    mayProbe: false,
    overrides: { group: 'acme' },
  })
  expect(parseCommandLine(['--help'])).toMatchObject({ kind: 'tell', text: expect.stringContaining('Usage: kshark') })
  for (const args of [['--wrong'], ['-o', 'xml'], ['extra']]) {
    expect(() => parseCommandLine(args)).toThrow(expect.objectContaining({ code: 'KC_USAGE' }))
  }
})
