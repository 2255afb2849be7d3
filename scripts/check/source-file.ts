import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ESTree, parseSync } from 'vite'

/** One file of our own code, read and parsed once for all rules. */
export interface SourceFile {
  /** From the root of the repository, with slashes: packages/kafka/src/log.ts. */
  path: string
  text: string
  program: ESTree.Program
}

/** What a rule found; `line` counts from 1. */
export interface Problem {
  path: string
  line: number
  message: string
}

export type Rule = (file: SourceFile) => Problem[]

const SOURCES = [
  '{apps,packages}/*/{src,test}/**/*.ts',
  'scripts/**/*.{ts,mjs}',
  'docs/examples/typescript/**/*.ts',
  '*.ts',
]

export function readSources(root: string): SourceFile[] {
  return SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['**/node_modules/**'] }))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')))
}

export function parseSource(path: string, text: string): SourceFile {
  return { path, text, program: parseSync(path, text).program }
}

export function problemAt(file: SourceFile, node: { start: number }, message: string): Problem {
  return { path: file.path, line: file.text.slice(0, node.start).split('\n').length, message }
}

/** Tests, fakes and scripts may do what the product may not. */
export function isTestCode(path: string): boolean {
  return /\.test\.ts$|^(apps|packages)\/[^/]+\/test\/|^packages\/testing\/|\/src\/testing\/|^scripts\//.test(path)
}
