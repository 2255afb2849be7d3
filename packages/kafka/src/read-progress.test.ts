import { expect, it } from 'vitest'
import { createReadProgress } from './read-progress.ts'

async function isCaughtUp(caughtUp: Promise<void>): Promise<boolean> {
  const later = new Promise<false>((resolve) => setImmediate(() => resolve(false)))
  return Promise.race([caughtUp.then(() => true), later])
}

it('does not wait for a topic that is paused on the way, but for all others', async () => {
  const progress = createReadProgress({ position: () => 'start' })
  progress.open('requests', 0, { start: 0, end: 10 })
  progress.open('responses', 0, { start: 0, end: 1 })
  progress.pause(['requests'])
  expect(await isCaughtUp(progress.caughtUp)).toBe(false)
  progress.advance([{ topic: 'responses', partition: 0, fromOffset: 0, nextOffset: 1, records: [] }])
  expect(await isCaughtUp(progress.caughtUp)).toBe(true)
})

it('never catches up where a position lies beyond the end, not even when that topic is paused', async () => {
  const progress = createReadProgress({ position: () => 20 })
  progress.open('requests', 0, { start: 0, end: 10 })
  progress.pause(['requests'])
  expect(await isCaughtUp(progress.caughtUp)).toBe(false)
})
