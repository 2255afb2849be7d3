/** Changes when chunks are cut in another way, so that an index made before cuts its items anew. */
export const CHUNKER = 'sentences-800-120'

const CHUNK_LENGTH = 800
const OVERLAP_LENGTH = 120

/**
 * Cuts a text into chunks of at most 800 characters (UTF-16 units) at sentence ends, a paragraph before all. A chunk
 * begins with the last sentences of the one before, up to 120 characters, so that what belongs together is found together.
 */
export function chunkText(text: string): string[] {
  const whole = text.trim()
  if (whole.length <= CHUNK_LENGTH) return whole === '' ? [] : [whole]
  const chunks: string[] = []
  let parts: string[] = []
  for (const piece of piecesOf(whole)) {
    if (lengthOf(parts) + piece.length > CHUNK_LENGTH && parts.length > 0) {
      chunks.push(parts.join('').trim())
      parts = overlapOf(parts)
      while (parts.length > 0 && lengthOf(parts) + piece.length > CHUNK_LENGTH) parts.shift()
    }
    parts.push(piece)
  }
  chunks.push(parts.join('').trim())
  return chunks.filter((chunk) => chunk !== '')
}

/** Sentences with the space after them; one that is longer than a chunk falls into pieces at its spaces. */
function piecesOf(text: string): string[] {
  const sentences = new Intl.Segmenter('und', { granularity: 'sentence' }).segment(text)
  return Array.from(sentences, ({ segment }) => segment).flatMap((sentence) =>
    sentence.length <= CHUNK_LENGTH ? [sentence] : cutLong(sentence),
  )
}

function cutLong(sentence: string): string[] {
  const pieces: string[] = []
  let rest = sentence
  while (rest.length > CHUNK_LENGTH) {
    const space = rest.lastIndexOf(' ', CHUNK_LENGTH - 1)
    let end = space > CHUNK_LENGTH / 2 ? space + 1 : CHUNK_LENGTH
    // Never between the two halves of one character.
    if (/[\ud800-\udbff]/.test(rest.charAt(end - 1))) end -= 1
    pieces.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  return [...pieces, rest]
}

function overlapOf(parts: readonly string[]): string[] {
  let start = parts.length
  while (start > 0 && lengthOf(parts.slice(start - 1)) <= OVERLAP_LENGTH) start -= 1
  return parts.slice(start)
}

function lengthOf(parts: readonly string[]): number {
  return parts.reduce((length, part) => length + part.length, 0)
}
