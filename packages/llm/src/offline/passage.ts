import { contentWords } from '../words/content-words.ts'
import { sameWord } from '../words/same-word.ts'

const LONGEST_WHOLE = 1000
/** A short text whole; of a long one the sentence that shares most words with the question, with its neighbours. */
export function passageFor(question: string, text: string): string {
  const whole = text.trim()
  if (whole.length <= LONGEST_WHOLE) return whole
  const words = contentWords(question)
  const segments = new Intl.Segmenter('und', { granularity: 'sentence' }).segment(whole)
  const sentences = Array.from(segments, ({ segment }) => segment)
  const shared = sentences.map((sentence) => {
    const own = contentWords(sentence)
    return words.filter((word) => own.some((other) => sameWord(word, other) > 0)).length
  })
  const best = shared.indexOf(Math.max(...shared))
  const passage = sentences
    .slice(Math.max(0, best - 1), best + 2)
    .join('')
    .trim()
  const cut = passage.length > LONGEST_WHOLE ? `${passage.slice(0, LONGEST_WHOLE).toWellFormed()}…` : passage
  return `${best > 1 ? '… ' : ''}${cut}${best + 2 < sentences.length ? ' …' : ''}`
}
