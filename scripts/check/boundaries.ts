import { posix } from 'node:path'
import { importsOf } from './imports.ts'
import { isTestCode, type Problem, problemAt, type SourceFile } from './source-file.ts'

/** Dependencies point one way: a package may import those of the layers before its own. */
const LAYERS = [
  ['env', 'envelope', 'tasks', 'policy'],
  ['telemetry'],
  ['kafka', 'storage', 'llm', 'http', 'identity'],
  ['runtime', 'tools', 'memory'],
]

/** The only edges within a layer. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  tasks: ['envelope'],
  policy: ['envelope'],
  // Storage opens databases and hands them in; these two know the type Db.
  kafka: ['storage'],
  tools: ['memory'],
}

/** A library has one owner, so that it can be replaced in one place and its errors become ours there. */
const OWNERS: ReadonlyArray<readonly [library: RegExp, owners: readonly string[]]> = [
  [/^kafkajs/, ['packages/kafka']],
  [/^(drizzle-orm|better-sqlite3)(\/|$)/, ['packages/storage']],
  [/^openai(\/|$)/, ['packages/llm']],
  [/^(fastify|@fastify\/.+)$/, ['packages/http']],
  [/^(pino|prom-client|@opentelemetry\/.+)(\/|$)/, ['packages/telemetry']],
  [/^commander$/, ['apps/kafclaw']],
  [/^(typebox|ajv)(\/|$)/, ['packages/envelope', 'packages/tools']],
]

/** Libraries for tests and tools, never for the product. */
const TEST_LIBRARIES = /^(vitest|vite|fast-check|esbuild|drizzle-kit|@copilotkit\/aimock)(\/|$)/

/** Pure packages do no I/O; hashing is a function of its input. */
const PURE = ['packages/envelope', 'packages/tasks', 'packages/policy']
const PURE_BUILTINS = ['node:crypto', 'node:buffer', 'node:util']

/** Finds imports that go against the direction of the parts, or past the owner of a library. */
export function checkBoundaries(file: SourceFile): Problem[] {
  const part = /^((?:apps|packages)\/[^/]+)\//.exec(file.path)?.[1]
  if (!part) return []
  return importsOf(file).flatMap(({ specifier, start }) => {
    const reason = refuse(specifier, { part, path: file.path })
    return reason ? [problemAt(file, { start }, `'${specifier}': ${reason}`)] : []
  })
}

interface Importer {
  part: string
  path: string
}

function refuse(specifier: string, importer: Importer): string | null {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(importer.path), specifier)
    return target.startsWith(`${importer.part}/`) ? null : 'reaches into another part; import the package by its name'
  }
  if (specifier.startsWith('node:')) return refuseBuiltin(specifier, importer)
  if (specifier === 'kafclaw' || specifier.startsWith('@kafclaw/')) return refuseOwn(specifier, importer)
  if (TEST_LIBRARIES.test(specifier)) return isTestCode(importer.path) ? null : 'is for tests only'
  const owners = OWNERS.find(([library]) => library.test(specifier))?.[1]
  if (!owners) return 'has no owner yet; decide for one in scripts/check/boundaries.ts'
  return owners.includes(importer.part) ? null : `only ${owners.join(' and ')} may use it`
}

function refuseBuiltin(specifier: string, { part, path }: Importer): string | null {
  if (!PURE.includes(part) || isTestCode(path) || PURE_BUILTINS.includes(specifier)) return null
  return `${part} is pure: take what comes from outside as an argument`
}

function refuseOwn(specifier: string, importer: Importer): string | null {
  const name = specifier.split('/')[1] ?? specifier
  const [kind = '', self = ''] = importer.part.split('/')
  if (name === self) return 'a part imports its own files by path'
  if (name === 'testing') {
    const mayStartBroker = importer.part === 'apps/kafclaw' && specifier === '@kafclaw/testing/broker'
    return isTestCode(importer.path) || mayStartBroker
      ? null
      : 'is for tests, except that apps/kafclaw may start a broker'
  }
  if (specifier.endsWith('/testing')) return isTestCode(importer.path) ? null : 'is for tests only'
  const layer = layerOf(name)
  if (layer < 0) return importer.part === 'apps/kafclaw' ? null : 'an app never imports an app; they meet in records'
  if (kind === 'apps' || layer < layerOf(self) || EDGES[self]?.includes(name)) return null
  return self === 'testing' && layer === 0 ? null : `packages/${self} lies below packages/${name}, or beside it`
}

function layerOf(name: string): number {
  return LAYERS.findIndex((layer) => layer.includes(name))
}
