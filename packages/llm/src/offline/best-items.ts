import { contentWords } from '../words/content-words.ts'
import { sameWord } from '../words/same-word.ts'
import type { RecalledSource } from './recalled-item.ts'

export interface BestItems {
  readonly items: readonly RecalledSource[]
  /** False when the items share less than a third of the question's words: the closest, but hardly an answer. */
  readonly sure: boolean
}

const MOST_ITEMS = 3
const MOST_QUESTION_WORDS = 100
const NEARLY_AS_GOOD = 0.95

/**
 * Picks the items that answer a question: those that share most of its content words, a word that few items have
 * weighing more. Equally good ones keep the order of the recall; items without any common word are never taken.
 */
export function pickBestItems(question: string, recalled: readonly RecalledSource[]): BestItems {
  const words = contentWords(question).slice(0, MOST_QUESTION_WORDS)
  const matches = recalled.map((item) => {
    const own = contentWords(`${item.title} ${item.content}`)
    return words.map((word) => own.reduce((best, other) => Math.max(best, sameWord(word, other)), 0))
  })
  const weights = words.map((_, index) =>
    rarity(matches.filter((match) => (match[index] ?? 0) > 0).length, recalled.length),
  )
  const scored = recalled.map((item, index) => {
    const match = matches[index] ?? []
    return {
      item,
      score: sum(match.map((strength, word) => strength * (weights[word] ?? 0))),
      share: sum(match) / words.length,
    }
  })
  const best = Math.max(0, ...scored.map((entry) => entry.score))
  if (best === 0) return { items: [], sure: false }
  const chosen = scored.filter((entry) => entry.score >= best * NEARLY_AS_GOOD).slice(0, MOST_ITEMS)
  return { items: chosen.map((entry) => entry.item), sure: chosen.some((entry) => entry.share >= 1 / 3) }
}

function rarity(having: number, all: number): number {
  return 1 + Math.log((all + 1) / (having + 1))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
