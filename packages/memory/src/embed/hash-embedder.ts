import { contentWords, type Embedder, foldText, wordsOf } from '@kafclaw/llm'

/** The name of the vectors made here; other features or weights are another name. */
export const HASH_MODEL = 'hash-v1'

/** Below this similarity two texts are as near as any two: of unrelated sentences 19 of 20 stay under it. */
export const HASH_LEAST_SIMILARITY = 0.15

const WORD_WEIGHT = 1
const TRIGRAM_WEIGHT = 0.35

/**
 * The embedder `hash-v1`: feature hashing of words and of the character trigrams within them, signed and normalised
 * (Weinberger et al. 2009). It needs no model and no network, and knows spelling only, not meaning.
 */
export function createHashEmbedder(dimension = 256): Embedder {
  return {
    model: HASH_MODEL,
    dimension,
    embed: async (texts) => texts.map((text) => embedText(text, dimension)),
  }
}

function embedText(text: string, dimension: number): Float32Array {
  const vector = new Float32Array(dimension)
  for (const [feature, weight] of featuresOf(text)) {
    const hash = hashOf(feature)
    const index = (hash >>> 1) % dimension
    // The sign makes collisions cancel out on average instead of adding up.
    vector[index] = (vector[index] ?? 0) + (hash & 1 ? weight : -weight)
  }
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((value) => value / length)
}

function featuresOf(text: string): Map<string, number> {
  const features = new Map<string, number>()
  const add = (feature: string, weight: number): void =>
    void features.set(feature, (features.get(feature) ?? 0) + weight)
  for (const word of meaningfulWords(text)) {
    add(`w:${word}`, WORD_WEIGHT)
    const padded = [...`^${word}$`]
    for (let at = 0; at + 3 <= padded.length; at++) add(`t:${padded.slice(at, at + 3).join('')}`, TRIGRAM_WEIGHT)
  }
  return features
}

/** Stop words only, or symbols such as emoji only, still make a vector: of whatever is there. */
function meaningfulWords(text: string): string[] {
  const content = contentWords(text)
  if (content.length > 0) return content
  const words = wordsOf(text)
  return words.length > 0 ? words : [...foldText(text).replace(/\s+/gu, '')]
}

/** FNV-1a over UTF-16 units, its bits mixed at the end as in MurmurHash3. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
