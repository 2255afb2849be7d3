import { expect, it } from 'vitest'
import { fuseRanks } from './fuse-ranks.ts'

const chunks = (...items: number[]) => items.map((item) => ({ item, chunkId: item * 10 }))

it('adds 1 / (60 + rank) of each list and orders by the sum', () => {
  const fused = fuseRanks([chunks(1, 2, 3), chunks(3, 1)])
  expect(fused.map((entry) => entry.item)).toEqual([1, 3, 2])
  expect(fused[0]?.score).toBeCloseTo(1 / 61 + 1 / 62, 10)
  expect(fused[1]?.score).toBeCloseTo(1 / 63 + 1 / 61, 10)
})

it('counts an item once per list, by its best chunk', () => {
  const [first, second] = fuseRanks([
    [
      { item: 1, chunkId: 11 },
      { item: 1, chunkId: 12 },
      { item: 2, chunkId: 21 },
    ],
    [{ item: 2, chunkId: 22 }],
  ])
  expect(first).toMatchObject({ item: 2, chunkId: 22, score: 1 / 62 + 1 / 61 })
  expect(second).toMatchObject({ item: 1, chunkId: 11, score: 1 / 61 })
})

it('keeps the order of the first list between equal scores', () => {
  expect(fuseRanks([chunks(5), chunks(4)]).map((entry) => entry.item)).toEqual([5, 4])
})
