import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A seed that has broken a promise, and which; it stays when it breaks none any more, and can be taken out by hand. */
export interface FailedSeed {
  seed: number
  broke: string[]
}

const FILE = join(import.meta.dirname, 'failed-seeds.json')

export function readFailedSeeds(): FailedSeed[] {
  return JSON.parse(readFileSync(FILE, 'utf8'))
}

/** Kept in the repository: these run first the next time, here and everywhere. */
export function keepFailedSeeds(failed: readonly FailedSeed[]): void {
  const known = new Map(readFailedSeeds().map((entry) => [entry.seed, entry]))
  for (const entry of failed) known.set(entry.seed, entry)
  const lines = [...known.values()].toSorted((a, b) => a.seed - b.seed).map((entry) => `  ${JSON.stringify(entry)}`)
  writeFileSync(FILE, lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`)
}
