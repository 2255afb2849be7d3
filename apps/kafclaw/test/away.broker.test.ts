import { tempDir } from '@kafclaw/testing'
import { startBroker } from '@kafclaw/testing/broker'
import { expect, it, vi } from 'vitest'
import { kafclaw, startKafclaw } from './kafclaw-process.ts'

const IN_TIME = { timeout: 60_000, interval: 100 }

it('tells who waits for an answer that the brokers are away, and that they are back', {
  timeout: 180_000,
}, async () => {
  await using broker = await startBroker()
  await using dir = await tempDir()
  const variables = { KAFCLAW_KAFKA_BROKERS: broker.brokers.join(','), KAFCLAW_GROUP: 'away' }
  const place = { dataDir: dir.path, variables }
  expect(await kafclaw(place, ['topics', 'apply'])).toMatchObject({ code: 0 })
  const asking = startKafclaw(place, ['ask', 'anybody?'])
  await vi.waitFor(() => expect(asking.stderr()).toContain('no live agent'), IN_TIME)
  await broker.kill()
  await vi.waitFor(() => expect(asking.stderr()).toContain('waiting goes on when the brokers are back'), IN_TIME)
  await broker.restart()
  await vi.waitFor(() => expect(asking.stderr()).toContain('the brokers are back'), IN_TIME)
  asking.kill('SIGINT')
  expect(await asking.finished).toMatchObject({ code: 130, stdout: '' })
})
