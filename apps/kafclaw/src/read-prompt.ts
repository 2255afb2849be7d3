import { AppError } from '@kafclaw/envelope'
import type { Io } from './io.ts'

/** The text given as arguments, else all of stdin when that is no terminal. Error: KC_USAGE when there is neither. */
export async function readPrompt({ stdin }: Io, words: string, what: string): Promise<string> {
  if (words.trim() !== '') return words.trim()
  const text = stdin.isTTY ? '' : (await readAllText(stdin)).trim()
  if (text !== '') return text
  throw new AppError('KC_USAGE', `There is no ${what}: give it as an argument, or on stdin.`)
}

async function readAllText(stdin: Io['stdin']): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
