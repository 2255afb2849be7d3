import { createSystemEnv } from '@kafclaw/env'
import { openDatabase } from '@kafclaw/storage'
import { describe, expect, it } from 'vitest'
import { createHashEmbedder, createMemoryIndex, type Embedder } from '../src/index.ts'
import { FACTS } from './facts.ts'
import { memoryItem } from './local-form.ts'

/** An embedder that sees nothing: what is left is the search by words. */
const BLIND: Embedder = { model: 'blind', dimension: 8, embed: async (texts) => texts.map(() => new Float32Array(8)) }

async function recallAtOne(embedder: Embedder): Promise<{ share: number; missed: string[] }> {
  using db = openDatabase(':memory:', 'memory')
  const index = createMemoryIndex({ db, embedder, env: createSystemEnv() })
  for (const [offset, { fact }] of FACTS.entries())
    index.put(memoryItem({ itemId: `item-${offset}`, offset, content: fact }))
  await index.embedPending()
  const missed: string[] = []
  for (const [offset, { question }] of FACTS.entries()) {
    const [first] = await index.search({ query: question, zones: ['public'], nowMs: 0 })
    if (first?.item_id !== `item-${offset}`) missed.push(`${question} -> ${first?.content}`)
  }
  return { share: 1 - missed.length / FACTS.length, missed }
}

describe('questions in other words', () => {
  it.each([
    ['words and hash-v1', createHashEmbedder()],
    ['words alone', BLIND],
  ])('find their fact first in at least nine of ten cases: %s', async (_, embedder) => {
    const { share, missed } = await recallAtOne(embedder)
    expect(share, missed.join('\n')).toBeGreaterThanOrEqual(0.9)
  })
})
