import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { checkModule } from '../../packages/envelope/src/check-module.ts'

const root = dirname(dirname(import.meta.dirname))
const migrations = join(root, 'packages', 'storage', 'migrations')

// Bundled CommonJS calls require() for Node's own modules, which an ES module does not have.
const BANNER = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`

/**
 * What has been compiled once is kept beside the bundle, where only those can write who could change the bundle itself; on a disk
 * that takes no change nothing is kept. The cache has to be there before the first module of the app is compiled.
 */
const ENTRY = `import { enableCompileCache } from 'node:module'
enableCompileCache(import.meta.dirname + '/.compile-cache')
await import('./src/main.ts')
`

/** The checks of records are compiled here and not by each process at its start. */
export const MADE_CHECKS: Plugin = {
  name: 'made-checks',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/envelope\/src\/check-function\.ts$/ }, () => ({ contents: checkModule() }))
  },
}

/** A process that started before a build may still load its chunks lazily, so old ones stay for this long. */
const OLD_CHUNKS_STAY_MS = 24 * 60 * 60_000

/** Bundles `<app>/src/main.ts` into `<app>/dist` and puts the migrations beside it; both are all that an app needs to run. */
export async function bundleApp(app: string): Promise<void> {
  const dist = join(app, 'dist')
  const result = await build({
    stdin: { contents: ENTRY, resolveDir: app, sourcefile: 'main.js' },
    outdir: dist,
    entryNames: 'main',
    // All chunks lie flat in dist/, so that new URL('../migrations', import.meta.url) means the same in each of them.
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    conditions: ['@kafclaw/source'],
    external: ['better-sqlite3'],
    plugins: [MADE_CHECKS],
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: root,
    write: false,
  })
  mkdirSync(dist, { recursive: true })
  const names = new Set(result.outputFiles.map((file) => basename(file.path)))
  // The entry comes last: it must never name a chunk that is not there yet.
  const entryLast = result.outputFiles.toSorted((a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)))
  for (const file of entryLast) writeWhole(join(dist, basename(file.path)), file.contents)
  removeOldChunks(dist, names)
  copyMigrations(join(app, 'migrations'))
}

/** The folders of all apps that have an entry point. */
export function appFolders(): string[] {
  return globSync(join(root, 'apps', '*')).filter((app) => existsSync(join(app, 'src', 'main.ts')))
}

function isEntry(path: string): boolean {
  return basename(path) === 'main.js'
}

function writeWhole(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return
  const scratch = `${path}.${process.pid}.new`
  writeFileSync(scratch, contents)
  renameSync(scratch, path)
}

function removeOldChunks(dist: string, current: ReadonlySet<string>): void {
  for (const path of [...globSync(join(dist, '*')), ...globSync(join(dist, '.compile-cache/*/*'))]) {
    if (!current.has(basename(path)) && Date.now() - statSync(path).mtimeMs > OLD_CHUNKS_STAY_MS) rmSync(path)
  }
}

function copyMigrations(to: string): void {
  if (!existsSync(migrations)) return
  cpSync(migrations, to, { recursive: true, force: true })
}
