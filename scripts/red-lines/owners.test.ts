import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { checkBoundaries } from '../check/boundaries.ts'
import { checkNetwork } from '../check/network.ts'
import { parseSource, readSources } from '../check/source-file.ts'

const sources = readSources(dirname(dirname(import.meta.dirname)))

it('only the owner of a library imports it', () => {
  expect(sources.length).toBeGreaterThan(300)
  expect(sources.flatMap(checkBoundaries)).toEqual([])
  // The same rule, on what it must refuse.
  for (const name of ['openai', 'kafkajs', 'better-sqlite3', '@kafclaw/audit-sink']) {
    const planted = parseSource('apps/agent-worker/src/planted.ts', `export { x } from '${name}'\n`)
    expect(checkBoundaries(planted)).toHaveLength(1)
  }
})

it('nothing but the log, the model and the admin port reaches the network', () => {
  expect(sources.flatMap(checkNetwork)).toEqual([])
})
