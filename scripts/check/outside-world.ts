import { type ESTree, Visitor } from 'vite'
import { isTestCode, type Problem, problemAt, type SourceFile } from './source-file.ts'

/** Property of a global -> what to take instead. */
const MEMBERS: Readonly<Record<string, string>> = {
  'Date.now': 'env.now()',
  'performance.now': 'env.monotonicMs()',
  'performance.timeOrigin': 'env.now()',
  'process.hrtime': 'env.monotonicMs()',
  'process.uptime': 'env.monotonicMs()',
  'Math.random': 'env.randomBytes()',
  'crypto.randomUUID': 'env.newId()',
  'crypto.randomBytes': 'env.randomBytes()',
  'crypto.randomInt': 'env.randomBytes()',
  'crypto.getRandomValues': 'env.randomBytes()',
  'AbortSignal.timeout': 'env.setTimer()',
}

/** Global function, or name imported from a module of Node -> what to take instead. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  setTimeout: 'env.setTimer()',
  setInterval: 'env.setTimer()',
  setImmediate: 'env.nextTurn()',
  randomUUID: 'env.newId()',
  randomBytes: 'env.randomBytes()',
  randomInt: 'env.randomBytes()',
  randomFillSync: 'env.randomBytes()',
  getRandomValues: 'env.randomBytes()',
}

/** Patches of a library run in the library, which has clocks and timers of its own. */
const LIBRARY_PATCHES = ['packages/kafka/src/kafkajs/request-queue-timer.ts']

const TIMER_MODULES = ['node:timers', 'node:timers/promises']

/**
 * Finds clocks, timers, ids and randomness that are taken from the world instead of from the Env that is passed in.
 * packages/env is where they come from; tests and scripts may use them.
 */
export function checkOutsideWorld(file: SourceFile): Problem[] {
  if (!isSubject(file.path)) return []
  const problems: Problem[] = []
  const report = (node: { start: number }, what: string, instead: string) =>
    problems.push(problemAt(file, node, `${what}: take ${instead} from the Env that is passed in`))

  new Visitor({
    MemberExpression(node) {
      const name = memberName(node)
      const instead = name ? MEMBERS[name] : undefined
      if (name && instead) report(node, name, instead)
    },
    NewExpression(node) {
      if (isNamed(node.callee, 'Date') && node.arguments.length === 0) report(node, 'new Date()', 'env.now()')
    },
    CallExpression(node) {
      if (isNamed(node.callee, 'Date')) report(node, 'Date()', 'env.now()')
      const name = calledName(node.callee)
      const instead = name ? ownEntry(FUNCTIONS, name) : undefined
      if (name && instead) report(node, `${name}()`, instead)
    },
    ImportDeclaration(node) {
      if (TIMER_MODULES.includes(node.source.value)) report(node, node.source.value, 'env.setTimer() or sleep(env)')
    },
  }).visit(file.program)
  return problems
}

function isSubject(path: string): boolean {
  const isProduct = /^(apps|packages)\//.test(path) && !isTestCode(path)
  return isProduct && !path.startsWith('packages/env/') && !LIBRARY_PATCHES.includes(path)
}

function isNamed(node: ESTree.Node, name: string): boolean {
  return node.type === 'Identifier' && node.name === name
}

/** `Date.now`, also written `globalThis.Date.now` or `Date['now']`. */
function memberName(node: ESTree.MemberExpression): string | undefined {
  const property = propertyName(node)
  const owner = node.object.type === 'Identifier' ? node.object.name : undefined
  const ownerOfOwner = node.object.type === 'MemberExpression' ? propertyName(node.object) : undefined
  const object = owner ?? ownerOfOwner
  const name = `${object}.${property}`
  return object && property && Object.hasOwn(MEMBERS, name) ? name : undefined
}

function propertyName(node: ESTree.MemberExpression): string | undefined {
  if (node.property.type === 'Identifier' && !node.computed) return node.property.name
  return node.property.type === 'Literal' && typeof node.property.value === 'string' ? node.property.value : undefined
}

function calledName(callee: ESTree.Node): string | undefined {
  if (callee.type === 'Identifier') return callee.name
  if (callee.type !== 'MemberExpression' || !isNamed(callee.object, 'globalThis')) return undefined
  return propertyName(callee)
}

function ownEntry(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
