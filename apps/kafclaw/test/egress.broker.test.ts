import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sharedBrokers, tempDir } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { EGRESS_LOG, type EgressCall } from './egress-hook.ts'
import { kafclaw } from './kafclaw-process.ts'

it('reaches the named brokers and nothing else, each service of the demo', async () => {
  await using dir = await tempDir()
  const log = join(dir.path, 'egress.jsonl')
  const variables = {
    TMPDIR: dir.path,
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'egress-hook.ts')).href}`,
    [EGRESS_LOG]: log,
    KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(','),
  }
  const { code, stderr } = await kafclaw({ dataDir: dir.path, variables }, ['demo', '--kafka'])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  const calls = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line): EgressCall => JSON.parse(line))
  const ofKind = (kind: EgressCall['what']): EgressCall[] => calls.filter(({ what }) => what === kind)
  // The demo and the services that it starts: audit sink, orchestrator, memory indexer and three agents.
  expect(ofKind('loaded')).toHaveLength(7)
  expect(ofKind('spawn')).toHaveLength(6)
  expect(ofKind('connect').length).toBeGreaterThan(6)
  expect(calls.filter(({ allowed }) => !allowed)).toEqual([])
})
