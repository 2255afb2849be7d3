/**
 * How sure two folded words are forms of one word, 0 to 1: equal, one English stem, one the beginning of the other
 * (`alarm`, `alarmcode`), or most of their letters in common from the start. Words with digits must be equal.
 */
export function sameWord(left: string, right: string): number {
  if (left === right) return 1
  if (/\p{N}/u.test(left) || /\p{N}/u.test(right)) return 0
  if (stemOf(left) === stemOf(right)) return 0.9
  const [short, long] = left.length <= right.length ? [left, right] : [right, left]
  if (short.length < 4) return 0
  if (long.startsWith(short)) return 0.8
  if (short.length >= 5 && long.includes(short)) return 0.7
  return commonPrefixLength(short, long) >= Math.max(4, 0.7 * long.length) ? 0.6 : 0
}

/** An English word without the endings of its forms; words of other alphabets as they are. */
export function stemOf(word: string): string {
  if (!/^[a-z]{4,}$/.test(word)) return word
  const singular = word.replace(/ies$/, 'y').replace(/(?<=[^s])s$/, '')
  const root = singular.replace(/(?:ing|ed)$/, '')
  const bare = (root.length >= 3 ? root : singular).replace(/e$/, '')
  return bare.length >= 3 ? bare : word
}

function commonPrefixLength(left: string, right: string): number {
  let length = 0
  while (length < left.length && left[length] === right[length]) length++
  return length
}
