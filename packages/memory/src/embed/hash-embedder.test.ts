import { describe, expect, it } from 'vitest'
import { createHashEmbedder } from './hash-embedder.ts'

async function similarity(left: string, right: string): Promise<number> {
  const [a, b] = await createHashEmbedder().embed([left, right])
  return Array.from(a ?? []).reduce((sum, value, index) => sum + value * (b?.[index] ?? 0), 0)
}

describe('hash-v1', () => {
  it('gives vectors of its dimension and of length 1, also for symbols and stop words', async () => {
    for (const vector of await createHashEmbedder(64).embed([
      'The copper kettle',
      'what is it?',
      '🫖',
      '会议室',
      '7341',
    ])) {
      expect(vector).toHaveLength(64)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    }
  })

  it('gives the vector of nothing for nothing', async () => {
    const [vector] = await createHashEmbedder().embed([' '])
    expect(Math.hypot(...(vector ?? [1]))).toBe(0)
  })

  it('does not change between releases: vectors that were stored stay comparable', async () => {
    const [vector] = await createHashEmbedder(8).embed(['The copper kettle is in the attic'])
    expect(Array.from(vector ?? [], (value) => Number(value.toFixed(4)))).toMatchInlineSnapshot(`
      [
        -0,
        -0,
        0.4684,
        -0.1639,
        0.6324,
        0.3279,
        0.4684,
        -0.1639,
      ]
    `)
  })

  it('sees one text in different spellings', async () => {
    expect(await similarity('Gewächshaus Ａlarm', 'GEWACHSHAUS alarm')).toBeCloseTo(1, 5)
    expect(await similarity('greenhouses', 'greenhouse')).toBeGreaterThan(0.4)
  })

  it('finds texts that share words nearer than those that share none', async () => {
    const question = 'Where is the alarm code of the greenhouse?'
    const near = await similarity(question, 'The greenhouse alarm code is 7341.')
    expect(near).toBeGreaterThan(0.5)
    expect(near).toBeGreaterThan(2 * (await similarity(question, 'Trains to Lisbon leave from platform nine.')))
  })
})
