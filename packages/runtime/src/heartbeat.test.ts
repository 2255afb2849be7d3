import { createVirtualEnv } from '@kafclaw/env/testing'
import type { OutgoingRecord, Publisher } from '@kafclaw/kafka'
import { createLogger } from '@kafclaw/telemetry'
import { expect, it } from 'vitest'
import { createHeartbeat } from './heartbeat.ts'

const LEASE_MS = 2000
const BEAT_MS = LEASE_MS / 4

function startHeartbeat() {
  const env = createVirtualEnv()
  const sent: string[] = []
  const fates: Array<PromiseWithResolvers<number>> = []
  const publisher: Publisher = {
    async publish() {
      const fate = Promise.withResolvers<number>()
      fates.push(fate)
      return [{ topic: 'announce', partition: 0, offset: await fate.promise }]
    },
    close: async () => {},
  }
  const record: OutgoingRecord = { topic: 'announce', partition: 0, key: null, value: null, headers: [] }
  const heartbeat = createHeartbeat({
    env,
    logger: createLogger({ service: 'test', level: 'silent' }),
    publisher,
    leaseMs: () => LEASE_MS,
    compose() {
      const id = `beat-${sent.length}`
      sent.push(id)
      return { id, record }
    },
    proveStorage: () => undefined,
    onUnread: () => undefined,
  })
  heartbeat.start()
  return { env, heartbeat, sent, fates }
}

it('sends no beat before the last acknowledged one has been read back', async () => {
  const { env, heartbeat, sent, fates } = startHeartbeat()
  fates[0]?.resolve(7)
  await env.advance(3 * BEAT_MS)
  expect(sent).toHaveLength(1)
  heartbeat.readBack({ id: 'beat-0', offset: 7 })
  await env.advance(BEAT_MS)
  expect(sent).toHaveLength(2)
})

it.each(['before', 'after'])(
  'goes on %s the acknowledgement when an older beat lies behind the last one and compaction has left only that',
  async (when) => {
    const { env, heartbeat, sent, fates } = startHeartbeat()
    fates[0]?.reject(new Error('nobody knows'))
    await env.advance(BEAT_MS)
    expect(sent).toEqual(['beat-0', 'beat-1'])
    // The second was written at 7, the first arrives late and lies at 9.
    if (when === 'before') heartbeat.readBack({ id: 'beat-0', offset: 9 })
    fates[1]?.resolve(7)
    await env.advance(0)
    if (when === 'after') heartbeat.readBack({ id: 'beat-0', offset: 9 })
    await env.advance(BEAT_MS)
    expect(sent).toHaveLength(3)
  },
)
