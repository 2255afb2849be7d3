import type { Log } from '@kafclaw/kafka'
import { expect, it } from 'vitest'
import { createTestGroup } from './group.ts'

/** A log of which one more broker is reached right after the others have been read to their ends. */
function withLateBroker(log: Log): Log {
  return {
    ...log,
    read(options) {
      const reader = log.read(options)
      const caughtUp = reader.caughtUp.then(() => {
        setImmediate(() => options.onEvent?.({ kind: 'connected', broker: 'late:9092' }))
      })
      return { ...reader, caughtUp }
    },
  }
}

it('a member is ready although a broker that leads nothing is reached after it has caught up', async () => {
  await using group = await createTestGroup()
  const log = withLateBroker(group.log)
  const member = group.start('agent-a', async () => ({ status: 'completed' }), { log })
  await member.whenReady()
  expect(member.readiness().checks.find(({ name }) => name === 'reader')?.ok).toBe(true)
})
