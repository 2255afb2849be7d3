import { openDatabase } from '@kafclaw/storage'
import { expect, it, vi } from 'vitest'
import { createTestGroup } from './group.ts'

/** Of the time that a member has to stop. */
const RUSH = 50

const PATIENCE = { timeout: 20_000, interval: 50 }

it('reads and answers nothing on a full disk, says so, and goes on when there is space, losing nothing', async () => {
  await using group = await createTestGroup()
  const db = openDatabase(':memory:', 'state')
  const member = group.start(
    'agent-a',
    async (run) => ({ status: 'completed', content: run.request.payload.content }),
    { db },
  )
  await member.whenReady()
  const pages = Number(db.pragma('page_count'))
  db.pragma(`max_page_count = ${pages + 2}`)
  const asked = await group.client.askAll(
    Array.from({ length: 50 }, (_, n) => ({ payload: { content: `${n} ${'x'.repeat(2000)}` } })),
  )
  await vi.waitFor(() => {
    const storage = member.readiness().checks.find(({ name }) => name === 'storage')
    expect(storage).toMatchObject({ ok: false, detail: expect.stringContaining('Free some space') })
  }, PATIENCE)
  expect(member.readiness().ready).toBe(false)
  db.pragma('max_page_count = 1000000')
  const outcomes = await Promise.all(asked.map(({ outcome }) => outcome))
  expect(outcomes.map(({ payload }) => payload.content?.split(' ')[0])).toEqual(
    Array.from({ length: 50 }, (_, n) => `${n}`),
  )
  await vi.waitFor(() => expect(member.readiness().ready).toBe(true), PATIENCE)
})

it('ends within its time on a disk that stays full, although what it has read cannot be stored', async () => {
  await using group = await createTestGroup()
  const db = openDatabase(':memory:', 'state')
  let isHasty = false
  const setTimer: typeof group.env.setTimer = (delayMs, fire) =>
    group.env.setTimer(isHasty && delayMs >= 10_000 ? delayMs / RUSH : delayMs, fire)
  const member = group.start('agent-a', async () => ({ status: 'completed' }), { db, env: { ...group.env, setTimer } })
  await member.whenReady()
  db.pragma(`max_page_count = ${Number(db.pragma('page_count'))}`)
  await group.client.askAll(
    Array.from({ length: 50 }, (_, n) => ({ payload: { content: `${n} ${'x'.repeat(2000)}` } })),
  )
  await vi.waitFor(() => expect(member.readiness().ready).toBe(false), PATIENCE)
  isHasty = true
  await member.stop()
  expect(await member.ended).toEqual({ reason: 'stopped' })
})
