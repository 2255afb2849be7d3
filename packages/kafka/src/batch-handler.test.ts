import { expect, it } from 'vitest'
import { createBatchHandler } from './batch-handler.ts'
import type { LogBatch } from './log.ts'
import { createReadProgress } from './read-progress.ts'

const batch = (nextOffset: number): LogBatch => ({
  topic: 't',
  partition: 0,
  fromOffset: nextOffset - 1,
  nextOffset,
  records: [],
})

function opened(onBatch: (batches: readonly LogBatch[]) => void | Promise<void>) {
  const progress = createReadProgress({ position: () => 'start' })
  progress.open('t', 0, { start: 0, end: 10 })
  return { progress, handler: createBatchHandler(onBatch, progress), position: () => progress.find('t', 0)?.position }
}

it('calls one after the other for all who fetch, in the order in which they came', async () => {
  const seen: string[] = []
  const { handler, position } = opened(async ([first]) => {
    seen.push(`begin ${first?.nextOffset}`)
    await new Promise((resolve) => setImmediate(resolve))
    seen.push(`end ${first?.nextOffset}`)
  })
  await Promise.all([1, 2, 3].map((offset) => handler.handle([batch(offset)])))
  expect(seen).toEqual([1, 2, 3].flatMap((offset) => [`begin ${offset}`, `end ${offset}`]))
  expect(position()).toBe(3)
})

it('moves the position only when the call has returned, and costs no turn when it returns at once', async () => {
  const gate = Promise.withResolvers<void>()
  const slow = opened(() => gate.promise)
  const handling = slow.handler.handle([batch(1)])
  expect(slow.position()).toBe(0)
  gate.resolve()
  await handling
  expect(slow.position()).toBe(1)

  const quick = opened(() => undefined)
  expect(quick.handler.handle([batch(1)])).toBeUndefined()
  expect(quick.position()).toBe(1)
})

it('leaves the position where it was when the call fails', async () => {
  const { handler, position } = opened(() => Promise.reject(new Error('no')))
  await expect(handler.handle([batch(1)])).rejects.toThrow('no')
  expect(position()).toBe(0)
})

it('lets the running call end at close and drops what waits', async () => {
  const seen: number[] = []
  const { handler } = opened(async ([first]) => {
    await new Promise((resolve) => setImmediate(resolve))
    seen.push(first?.nextOffset ?? 0)
  })
  const calls = [1, 2].map((offset) => handler.handle([batch(offset)]))
  await handler.close()
  await Promise.all(calls)
  expect(seen).toEqual([1])
})
