import { createVirtualEnv } from '@kafclaw/env/testing'
import { formatPlace, type RawRecord } from '@kafclaw/envelope'
import { createEmbeddedLog } from '@kafclaw/kafka'
import { openDatabase } from '@kafclaw/storage'
import { RANK_DELAY_MS } from '@kafclaw/tasks'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { expect, it } from 'vitest'
import { createDuties } from './duties.ts'
import { createMemberEvents } from './member-events.ts'
import { createTaskStore } from './task-store.ts'

const LIVE = ['agent-a', 'agent-b', 'agent-c']
const WHY = { code: 'KC_ENVELOPE_INVALID', reason: 'broken', taskId: null } as const
/** How long a record takes to be read back. */
const LATENCY_MS = 50

/** All that live read one bad record at once, except those that are gone; tells who wrote its dead letter, and when. */
async function writeDeadLetters(offset: number, gone: ReadonlySet<string>): Promise<Array<{ by: string; ms: number }>> {
  const env = createVirtualEnv()
  const logger = createLogger({ service: 'test', level: 'silent' })
  await using stack = new AsyncDisposableStack()
  const log = createEmbeddedLog({ path: ':memory:', env, logger })
  stack.defer(() => log.close())
  const record: RawRecord = {
    ...{ topic: 'group.acme.requests', partition: 0, offset, timestampMs: env.now() },
    ...{ key: null, value: Buffer.from('{'), headers: [] },
  }
  const written: Array<{ by: string; ms: number }> = []
  const services = LIVE.map((agentId) => {
    const db = stack.use(openDatabase(':memory:', 'state'))
    const never = () => expect.unreachable()
    const duties = createDuties({
      ...{ env, log, logger, db, agentId },
      live: () => LIVE,
      commit: { submit: async (work) => work(), settled: async () => undefined },
      tasks: createTaskStore(db, env.now),
      events: createMemberEvents(logger, noMetrics()),
      sender: {
        ...{ send: never, copy: never },
        deadLetter() {
          written.push({ by: agentId, ms: env.monotonicMs() })
          env.setTimer(LATENCY_MS, () => {
            for (const service of services) service.duties.deadLetterSeen(formatPlace(record))
          })
        },
      },
    })
    duties.begin()
    return { agentId, duties }
  })
  for (const { agentId, duties } of services) if (!gone.has(agentId)) duties.poison(record, WHY)
  // What waits gets its timer in the next turn.
  await env.advance(0)
  await env.advance(1000)
  return written
}

it('one of all that read a bad record writes its dead letter, at once', async () => {
  const byOffset = await Promise.all(Array.from({ length: 20 }, (_, offset) => writeDeadLetters(offset, new Set())))
  for (const written of byOffset) expect(written).toEqual([{ by: expect.any(String), ms: 0 }])
  // They take turns.
  expect(new Set(byOffset.flat().map(({ by }) => by)).size).toBe(LIVE.length)
})

it('the next one does it where the first is gone, when that had the time to', async () => {
  for (let offset = 0; offset < 5; offset++) {
    const [first] = await writeDeadLetters(offset, new Set())
    const written = await writeDeadLetters(offset, new Set([first?.by ?? '']))
    expect(written).toEqual([{ by: expect.any(String), ms: RANK_DELAY_MS }])
  }
})
