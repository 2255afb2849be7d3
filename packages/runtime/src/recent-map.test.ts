import { expect, it } from 'vitest'
import { createRecentMap } from './recent-map.ts'

it('keeps the last entries and forgets older ones for good', () => {
  const map = createRecentMap<number, string>(10)
  for (let key = 0; key < 100; key++) map.set(key, `value ${key}`)
  for (let key = 90; key < 100; key++) expect(map.get(key)).toBe(`value ${key}`)
  for (let key = 0; key < 80; key++) expect(map.get(key)).toBeUndefined()
})

it('gives the newest value of a key that was set in both generations, and none after its deletion', () => {
  const map = createRecentMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  expect(map.get('a')).toBe(3)
  map.delete('a')
  expect(map.get('a')).toBeUndefined()
  map.delete('b')
  expect(map.isEmpty()).toBe(true)
})
