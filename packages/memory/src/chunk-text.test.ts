import { describe, expect, it } from 'vitest'
import { chunkText } from './chunk-text.ts'

const sentences = (count: number): string =>
  Array.from({ length: count }, (_, index) => `Sentence number ${index} says little.`).join(' ')

describe('chunkText', () => {
  it('keeps a short text whole and makes nothing of an empty one', () => {
    expect(chunkText('  One fact. ')).toEqual(['One fact.'])
    expect(chunkText(' \n ')).toEqual([])
  })

  it.each([
    ['sentences', sentences(200)],
    ['paragraphs', sentences(200).replaceAll(' says little. Sentence', ' says little.\n\nSentence')],
    ['one endless word', 'x'.repeat(5000)],
    ['endless emoji', '🌸'.repeat(3000)],
    ['words without an end of sentence', 'word '.repeat(2000)],
    ['Chinese', '仓库的密码是四七一一。请勿外传。'.repeat(200)],
    ['line breaks', 'a line\n'.repeat(1000)],
  ])('cuts %s into chunks of at most 800 characters and loses nothing', (_, text) => {
    const chunks = chunkText(text)
    expect(chunks.length).toBeGreaterThan(1)
    let covered = 0
    for (const chunk of chunks) {
      expect(chunk.length).toBeLessThanOrEqual(800)
      expect(chunk.isWellFormed()).toBe(true)
      // Each chunk begins at or before the end of what is covered, white space aside.
      const at = text.lastIndexOf(chunk, covered + text.slice(covered).search(/\S/))
      expect(at).toBeGreaterThanOrEqual(0)
      covered = Math.max(covered, at + chunk.length)
    }
    expect(text.slice(covered).trim()).toBe('')
  })

  it('repeats the last sentences of a chunk at the beginning of the next', () => {
    const [first, second] = chunkText(sentences(60))
    const opening = second?.split('. ')[0] ?? ''
    expect(opening).toMatch(/^Sentence number \d+/)
    expect(first).toContain(opening)
  })
})
