import { basename } from 'node:path'
import { type ESTree, Visitor } from 'vite'
import { isTestCode, type Problem, problemAt, type SourceFile } from './source-file.ts'

const FILE_LINES = 400
const INDEX_LINES = 40
const FUNCTION_LINES = 70
/** A factory is a class in other clothes: what it returns is made of functions, which are measured by themselves. */
const FACTORY_LINES = 120
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

/** A suite is a list of promises in one function; only its file has a limit. */
const SUITES = /\.test\.ts$|^(apps|packages)\/[^/]+\/test\/|\/src\/testing\//

type AnyFunction = ESTree.Function | ESTree.ArrowFunctionExpression

function checkFunctions(file: SourceFile): Problem[] {
  if (SUITES.test(file.path)) return []
  const problems: Problem[] = []
  const open: Array<{ inner: number }> = []
  const linesOf = (node: AnyFunction) => file.text.slice(node.start, node.end).split('\n').length
  const enter = () => void open.push({ inner: 0 })
  const exit = (node: AnyFunction) => {
    const lines = linesOf(node)
    const own = lines - (open.pop()?.inner ?? 0)
    const parent = open.at(-1)
    // A function on one line is a line of its parent.
    if (parent && lines > 1) parent.inner += lines
    if (own > FUNCTION_LINES)
      problems.push(problemAt(file, node, `a function of ${own} lines; the limit is ${FUNCTION_LINES}`))
    else if (lines > FACTORY_LINES) {
      problems.push(problemAt(file, node, `${lines} lines with the functions in it; the limit is ${FACTORY_LINES}`))
    }
    const { length } = node.params
    if (length > PARAMETERS && !isTestCode(file.path)) {
      problems.push(problemAt(file, node, `${length} parameters; above ${PARAMETERS} take one options object`))
    }
  }
  new Visitor({
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': exit,
    FunctionExpression: enter,
    'FunctionExpression:exit': exit,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': exit,
  }).visit(file.program)
  return problems
}
