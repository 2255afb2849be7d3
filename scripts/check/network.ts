import { type ESTree, Visitor } from 'vite'
import { importsOf } from './imports.ts'
import { isTestCode, type Problem, problemAt, type SourceFile } from './source-file.ts'

/** Modules of Node that reach the network -> the parts that may use them. All else goes through packages/kafka, llm or http. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  net: ['apps/kshark', 'packages/kafka'],
  tls: ['apps/kshark', 'packages/kafka'],
  dns: ['apps/kshark'],
  'dns/promises': ['apps/kshark'],
  dgram: [],
  http: [],
  https: [],
  http2: [],
}
const GLOBALS = ['fetch', 'WebSocket', 'EventSource']

/** Finds ways to the network beside the three that are there: the log, the model, and the admin port. */
export function checkNetwork(file: SourceFile): Problem[] {
  const part = /^((?:apps|packages)\/[^/]+)\//.exec(file.path)?.[1]
  if (!part || isTestCode(file.path)) return []
  const problems = importsOf(file).flatMap(({ specifier, start }) => {
    const owners = ownersOf(specifier)
    if (!owners || owners.includes(part)) return []
    return [problemAt(file, { start }, `'${specifier}': the network is reached through packages/kafka, llm and http`)]
  })
  const report = (node: { start: number }, name: string) =>
    problems.push(problemAt(file, node, `${name}: the network is reached through packages/kafka, llm and http`))
  /** As written: `fetch(…)`, or `globalThis.fetch(…)`. */
  const reportGlobal = (callee: ESTree.Node): void => {
    const name = callee.type === 'MemberExpression' && isGlobalThis(callee.object) ? callee.property : callee
    if (name.type === 'Identifier' && GLOBALS.includes(name.name)) report(callee, name.name)
  }
  new Visitor({
    CallExpression: ({ callee }) => reportGlobal(callee),
    NewExpression: ({ callee }) => reportGlobal(callee),
  }).visit(file.program)
  return problems
}

function ownersOf(specifier: string): readonly string[] | undefined {
  const name = specifier.replace(/^node:/, '')
  return Object.hasOwn(OWNERS, name) ? OWNERS[name] : undefined
}

function isGlobalThis(node: ESTree.Node): boolean {
  return node.type === 'Identifier' && node.name === 'globalThis'
}
