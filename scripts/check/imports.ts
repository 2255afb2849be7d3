import { Visitor } from 'vite'
import type { SourceFile } from './source-file.ts'

export interface ImportOf {
  specifier: string
  start: number
}

/** Every module that a file names: import, export from, import(), require() and import types. */
export function importsOf(file: SourceFile): ImportOf[] {
  const found: ImportOf[] = []
  const add = (source: { type: string; value?: unknown; start: number } | null) => {
    if (source?.type === 'Literal' && typeof source.value === 'string') {
      found.push({ specifier: source.value, start: source.start })
    }
  }
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    CallExpression(node) {
      const [first] = node.arguments
      if (node.callee.type === 'Identifier' && node.callee.name === 'require' && first) add(first)
    },
  }).visit(file.program)
  return found
}
