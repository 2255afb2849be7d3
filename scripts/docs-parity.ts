// Compares the pages that are made from code with the code, and the examples of docs/wire.md with the golden records.
//   node -C @kafclaw/source scripts/docs-parity.ts [--write]     --write brings the pages up to date instead
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findWireDocProblems } from '@kafclaw/envelope/docs'
import { readGoldenRecords } from './docs/golden-records.ts'
import { generatedPages } from './docs/pages.ts'

const root = dirname(import.meta.dirname)
const write = process.argv.includes('--write')
const pages = generatedPages()
const problems: string[] = []

for (const [path, text] of pages) {
  const file = join(root, path)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  problems.push(`${path} is not what the code says`)
  if (!write) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
for (const path of globSync('docs/schemas/*.json', { cwd: root })) {
  if (!pages.has(path)) problems.push(`${path} belongs to no type of envelope; remove it`)
}
problems.push(...findWireDocProblems(readFileSync(join(root, 'docs/wire.md'), 'utf8'), readGoldenRecords()))

if (problems.length > 0 && !write) {
  process.stderr.write(`${problems.join('\n')}\nnpm run docs brings them up to date\n`)
  process.exitCode = 1
}
