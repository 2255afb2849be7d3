import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Problem } from './source-file.ts'

const PAGES = ['*.md', 'docs/**/*.md', '{apps,packages,deploy,scripts}/**/*.md']
const LINK = /\]\(([^)\s#]+)(?:#[^)]*)?\)/g

/** Finds links to files of this repository that are not there. */
export function checkDocLinks(root: string): Problem[] {
  const pages = PAGES.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['**/node_modules/**'] }))
  return pages.flatMap((path) => {
    const lines = readFileSync(join(root, path), 'utf8').split('\n')
    return lines.flatMap((line, index) =>
      [...line.matchAll(LINK)]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(path), target)))
        .map((target) => ({ path, line: index + 1, message: `links to ${target}, which is not there` })),
    )
  })
}
