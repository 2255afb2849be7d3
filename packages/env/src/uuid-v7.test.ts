import { expect, it } from 'vitest'
import { createSystemEnv } from './system-env.ts'
import { createVirtualEnv } from './testing/virtual-env.ts'

it('makes ids of version 7 that are all different and sort in the order of their making', () => {
  const env = createSystemEnv()
  const ids = Array.from({ length: 20_000 }, () => env.newId())
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual(ids)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

it('keeps the order of ids when thousands fall into one millisecond', () => {
  const env = createVirtualEnv()
  const ids = Array.from({ length: 10_000 }, () => env.newId())
  expect(ids.toSorted()).toEqual(ids)
})

it('runs virtual timers in the order of their due times', async () => {
  const env = createVirtualEnv()
  const ran: string[] = []
  env.setTimer(20, () => ran.push('b'))
  env.setTimer(10, () => {
    ran.push('a')
    env.setTimer(5, () => ran.push('a+5'))
  })
  env.setTimer(15, () => ran.push('never')).cancel()
  await env.advance(30)
  expect(ran).toEqual(['a', 'a+5', 'b'])
})

it('begins an id with the milliseconds of its making', () => {
  const env = createVirtualEnv()
  const id = env.newId()
  expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(env.now())
})
