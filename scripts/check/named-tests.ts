import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from './source-file.ts'

const PAGES = ['docs/red-lines.md', 'docs/safety-rules.md']
/** `| title of the test | `path` |`; other cells may stand before. */
const ROW = /\| (?<title>[^|]+) \| `(?<path>[^`]+\.ts)` \|$/

/** Every test that these pages name is there under that title, and every numbered section names one. */
export function checkNamedTests(root: string): Problem[] {
  return PAGES.flatMap((page) => checkPage(root, page))
}

function checkPage(root: string, page: string): Problem[] {
  if (!existsSync(join(root, page))) return [{ path: page, line: 1, message: 'is not there' }]
  const problems: Problem[] = []
  let section = { line: 0, tests: 1 }
  const endSection = (): void => {
    if (section.tests === 0) problems.push({ path: page, line: section.line, message: 'a section without a test' })
  }
  for (const [index, text] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    if (/^## \d/.test(text)) {
      endSection()
      section = { line: index + 1, tests: 0 }
    }
    const { title, path } = ROW.exec(text)?.groups ?? {}
    if (title === undefined || path === undefined) continue
    section.tests++
    if (!hasTest(join(root, path), title)) {
      problems.push({ path: page, line: index + 1, message: `${path} has no test "${title}"` })
    }
  }
  endSection()
  return problems
}

function hasTest(file: string, title: string): boolean {
  if (!existsSync(file)) return false
  const text = readFileSync(file, 'utf8')
  // As written in the source, where an apostrophe may stand in another kind of quotes; an entry of a table may need none.
  const isQuoted = ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`))
  return isQuoted || text.includes(`\n  ${title}: {`)
}
