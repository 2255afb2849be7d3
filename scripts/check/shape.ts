import { basename } from 'node:path'
import { type ESTree, Visitor } from 'vite'
import { isTestCode, type Problem, problemAt, type SourceFile } from './source-file.ts'

const FILE_LINES = 400
const INDEX_LINES = 40
const FUNCTION_LINES = 70
const PARAMETERS = 3

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = ['common', 'shared', 'util', 'utils', 'helper', 'helpers', 'types', 'misc', 'lib']
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/

/** Tripwires on length, parameters and names of files; see CONTRIBUTING.md. */
export function checkShape(file: SourceFile): Problem[] {
  return [...checkName(file), ...checkFileLength(file), ...checkFunctions(file)]
}

function checkName(file: SourceFile): Problem[] {
  const segments = file.path.replace(/\.(ts|mjs)$/, '').split('/')
  return segments.flatMap((segment) => {
    if (EMPTY_NAMES.includes(segment))
      return [problemAt(file, { start: 0 }, `'${segment}' says nothing; name it by what it does`)]
    return KEBAB_CASE.test(segment) ? [] : [problemAt(file, { start: 0 }, `'${segment}' is not kebab-case`)]
  })
}

function checkFileLength(file: SourceFile): Problem[] {
  const lines = file.text.trimEnd().split('\n').length
  const limit = basename(file.path) === 'index.ts' ? INDEX_LINES : FILE_LINES
  return lines > limit ? [problemAt(file, { start: 0 }, `${lines} lines; the limit is ${limit}`)] : []
}

function checkFunctions(file: SourceFile): Problem[] {
  if (/\.test\.ts$/.test(file.path)) return []
  const problems: Problem[] = []
  const check = (node: ESTree.Function | ESTree.ArrowFunctionExpression) => {
    const lines = file.text.slice(node.start, node.end).split('\n').length
    if (lines > FUNCTION_LINES)
      problems.push(problemAt(file, node, `a function of ${lines} lines; the limit is ${FUNCTION_LINES}`))
    const { length } = node.params
    if (length > PARAMETERS && !isTestCode(file.path)) {
      problems.push(problemAt(file, node, `${length} parameters; above ${PARAMETERS} take one options object`))
    }
  }
  new Visitor({ FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check }).visit(
    file.program,
  )
  return problems
}
