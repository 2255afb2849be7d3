import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { createSlots } from './slots.ts'

it('a run that has been aborted gets its place back at once, also when it comes for it only then', async () => {
  const slots = createSlots(1, () => undefined)
  slots.take()
  slots.release()
  slots.take()
  await slots.retake(AbortSignal.abort('its task was cancelled'))
  slots.release()
  slots.release()
  expect(slots.free()).toBe(1)
})

it('whoever waits for a place leaves nothing behind on its signal when it has one', async () => {
  const slots = createSlots(1, () => undefined)
  const heard = new AbortController()
  slots.take()
  const back = slots.retake(heard.signal)
  slots.release()
  await back
  expect(getEventListeners(heard.signal, 'abort')).toEqual([])
})

it('counts the places of those who are about to go, unless somebody waits to have his back', () => {
  const slots = createSlots(2, () => undefined)
  slots.take()
  slots.take()
  expect(slots.free()).toBe(0)
  expect(slots.free(1)).toBe(1)
  void slots.retake(new AbortController().signal)
  expect(slots.free(1)).toBe(0)
})
