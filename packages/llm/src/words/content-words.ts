import { STOP_WORDS } from './stop-words.ts'

// Scripts written without spaces: there two neighbouring characters stand in for a word.
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々]+/gu
const WORD = /[\p{L}\p{N}\p{M}]+/gu
// What an apostrophe ties to a word: `aunt's`, `we'll`, `l'alarme`, `d'où`.
const CONTRACTED = /(?<=\p{L})['’](?:s|t|d|m|re|ve|ll)\b|(?<!\p{L})(?:[cdjlmnst]|qu)['’](?=\p{L})/giu
const GRAMMAR_ONLY = /^\p{Script=Hiragana}+$|[的是了吗呢嗎有在和请請什么麼]/u

/** Makes spellings of one text equal: case, width, ligatures, and the accents of Latin, Greek and Cyrillic letters. */
export function foldText(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFKC')
    .replaceAll('ß', 'ss')
}

/** Every word of a text in its folded form, in order, repeats included. */
export function wordsOf(text: string): string[] {
  const words: string[] = []
  for (const [run] of foldText(text).matchAll(WORD)) {
    let end = 0
    for (const match of run.matchAll(UNSPACED)) {
      if (match.index > end) words.push(run.slice(end, match.index))
      words.push(...neighbours(match[0]))
      end = match.index + match[0].length
    }
    if (end < run.length) words.push(run.slice(end))
  }
  return words
}

/** The different words of a text that carry its meaning, digits and single letters among them, without stop words. */
export function contentWords(text: string): string[] {
  const words = new Set(wordsOf(text.replace(CONTRACTED, '')))
  return [...words].filter((word) => !STOP_WORDS.has(word) && !GRAMMAR_ONLY.test(word))
}

function neighbours(run: string): string[] {
  const characters = [...run]
  if (characters.length === 1) return characters
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`)
}
