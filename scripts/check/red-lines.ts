import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from './source-file.ts'

const PAGE = 'docs/red-lines.md'
/** `| title of the test | `path` |` */
const ROW = /^\| (?<title>.+) \| `(?<path>[^`]+\.ts)` \|$/

/** Every test that docs/red-lines.md names is there under that title, and every commitment names one. */
export function checkRedLines(root: string): Problem[] {
  const page = join(root, PAGE)
  if (!existsSync(page)) return [{ path: PAGE, line: 1, message: 'is not there' }]
  const problems: Problem[] = []
  let commitment = { line: 0, tests: 1 }
  const endCommitment = (): void => {
    if (commitment.tests > 0) return
    problems.push({ path: PAGE, line: commitment.line, message: 'a commitment without a test' })
  }
  for (const [index, text] of readFileSync(page, 'utf8').split('\n').entries()) {
    if (/^## \d/.test(text)) {
      endCommitment()
      commitment = { line: index + 1, tests: 0 }
    }
    const { title, path } = ROW.exec(text)?.groups ?? {}
    if (title === undefined || path === undefined) continue
    commitment.tests++
    if (!hasTest(join(root, path), title)) {
      problems.push({ path: PAGE, line: index + 1, message: `${path} has no test "${title}"` })
    }
  }
  endCommitment()
  return problems
}

function hasTest(file: string, title: string): boolean {
  if (!existsSync(file)) return false
  const text = readFileSync(file, 'utf8')
  // As written in the source, where an apostrophe may stand in another kind of quotes.
  return ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`))
}
