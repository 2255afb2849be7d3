import type { MemberEnd, Service } from '@kafclaw/runtime'
import { expect, it } from 'vitest'
import { createServiceSet } from './service-set.ts'

function fakeService(id: string, stops: string[]) {
  const ended = Promise.withResolvers<MemberEnd>()
  const service: Service = {
    id,
    readiness: () => ({ ready: id !== 'slow', checks: [{ name: 'reader', ok: id !== 'slow', detail: 'said' }] }),
    whenReady: async () => {},
    ended: ended.promise,
    async stop() {
      stops.push(id)
      ended.resolve({ reason: 'stopped' })
    },
  }
  return { service, end: ended.resolve }
}

function fakeSet(ids: readonly string[]) {
  const stops: string[] = []
  const fakes = ids.map((id) => fakeService(id, stops))
  const services = fakes.map(({ service }) => service)
  return { set: createServiceSet('agent', services), fakes, stops }
}

it('stops its services in reverse order and ends as stopped', async () => {
  const { set, stops } = fakeSet(['sink', 'indexer', 'agent'])
  await set.stop()
  expect(stops).toEqual(['agent', 'indexer', 'sink'])
  await expect(set.ended).resolves.toEqual({ reason: 'stopped' })
})

it('ends with the first service that is replaced, and stops the others', async () => {
  const { set, fakes, stops } = fakeSet(['sink', 'agent'])
  fakes[1]?.end({ reason: 'replaced', host: 'elsewhere', boot: 4 })
  await expect(set.ended).resolves.toEqual({ reason: 'replaced', host: 'elsewhere', boot: 4 })
  await set.stop()
  expect(stops).toEqual(['agent', 'sink'])
})

it('is ready when all are, and names each check by its service', () => {
  const { set } = fakeSet(['agent', 'slow'])
  expect(set.readiness()).toEqual({
    ready: false,
    checks: [
      { name: 'agent/reader', ok: true, detail: 'said' },
      { name: 'slow/reader', ok: false, detail: 'said' },
    ],
  })
})
