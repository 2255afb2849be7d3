import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { API_KEYS } from '../kafkajs/api-keys.ts'
import { NEEDED_APIS } from './needed-apis.ts'

const SOURCES = join(import.meta.dirname, '..')
const NEGOTIATION = /version\(API_KEYS\.(\w+), \{ min: (\d+), max: (\d+) \}\)/g

it('lists each request that is negotiated, with the versions that the request itself asks for', () => {
  const negotiated = globSync('**/*.ts', { cwd: SOURCES, exclude: ['**/*.test.ts'] }).flatMap((path) =>
    [...readFileSync(join(SOURCES, path), 'utf8').matchAll(NEGOTIATION)].map(([, name = '', min, max]) => ({
      key: Object.entries(API_KEYS).find(([known]) => known === name)?.[1],
      min: Number(min),
      max: Number(max),
    })),
  )
  // The handshake is for the inspection of SASL alone, which every broker that has it answers.
  const listed = negotiated.filter(({ key }) => key !== API_KEYS.saslHandshake)
  const byKey = (a: { key?: number | undefined }, b: { key?: number | undefined }) => (a.key ?? 0) - (b.key ?? 0)
  expect(NEEDED_APIS.map(({ key, min, max }) => ({ key, min, max })).toSorted(byKey)).toEqual(listed.toSorted(byKey))
})
