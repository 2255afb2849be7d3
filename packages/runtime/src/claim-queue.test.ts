import { expect, it } from 'vitest'
import { createClaimQueue } from './claim-queue.ts'

it('gives tasks out in the order of their times, each once, and none before its time', () => {
  const queue = createClaimQueue()
  const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 1000)
  for (const [index, dueMs] of times.entries()) queue.add(`task-${index}`, dueMs)
  expect(queue.take(-1)).toBeNull()
  const taken: number[] = []
  for (let taskId = queue.take(1000); taskId !== null; taskId = queue.take(1000))
    taken.push(times[Number(taskId.slice(5))] ?? -1)
  expect(taken).toEqual(times.toSorted((a, b) => a - b))
  expect(queue.nextDueMs()).toBeNull()
})

it('keeps the earliest time of a task that is added more than once', () => {
  const queue = createClaimQueue()
  queue.add('a', 50)
  queue.add('a', 10)
  queue.add('a', 90)
  expect(queue.nextDueMs()).toBe(10)
  expect(queue.take(10)).toBe('a')
  expect(queue.take(1000)).toBeNull()
})

it('gives out no task that was removed, and counts those that wait', () => {
  const queue = createClaimQueue()
  for (const taskId of ['a', 'b', 'c']) queue.add(taskId, 10)
  queue.remove('a')
  expect(queue.size()).toBe(2)
  expect([queue.take(10), queue.take(10), queue.take(10)]).toEqual(['b', 'c', null])
  queue.add('a', 20)
  expect(queue.take(20)).toBe('a')
  expect(queue.size()).toBe(0)
})
