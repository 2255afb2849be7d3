import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lenientCheck, strictCheck } from '../../packages/envelope/src/contract.ts'
import type { EnvelopeType } from '../../packages/envelope/src/payloads/payload-table.ts'
import { mutateJson } from '../../packages/envelope/test/mutations.ts'
import { appFolders, bundleApp, MADE_CHECKS } from './bundle-app.ts'

const root = dirname(dirname(import.meta.dirname))
let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kafclaw-dist-'))
})

afterAll(() => rm(scratch, { recursive: true, force: true }))

/** A folder with nothing but what an app needs: its bundle, the migrations, and better-sqlite3 without its sources. */
async function ship(app: string): Promise<string> {
  const folder = join(scratch, basename(app))
  await bundleApp(app)
  for (const part of ['dist', 'migrations']) await cp(join(app, part), join(folder, part), { recursive: true })
  const sqlite = await realpath(join(root, 'node_modules', 'better-sqlite3'))
  for (const part of ['lib', 'package.json', 'prebuilds']) {
    await mkdir(join(folder, 'node_modules', 'better-sqlite3'), { recursive: true })
    await cp(join(sqlite, part), join(folder, 'node_modules', 'better-sqlite3', part), { recursive: true })
  }
  return folder
}

function run(folder: string, ...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: folder, KAFCLAW_DATA_DIR: join(folder, 'data') }
  const result = spawnSync(process.execPath, [join(folder, 'dist', 'main.js'), ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { code: result.status, stdout: result.stdout, stderr: result.stderr }
}

it.each(appFolders().map((app) => [basename(app), app]))('runs %s from its bundle alone', async (_name, app) => {
  const folder = await ship(app)
  expect(run(folder, '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage'), stderr: '' })
  expect(run(folder, '--version')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
  })
})

it('opens databases and answers from the bundle of the command line alone', async () => {
  const folder = await ship(join(root, 'apps', 'kafclaw'))
  expect(run(folder, 'agent', '-m', 'hello')).toMatchObject({ code: 0, stdout: expect.stringMatching(/\S/) })
})

it('checks records in a bundle as the sources do', async () => {
  const envelope = join(root, 'packages', 'envelope')
  const outfile = join(scratch, 'contract.mjs')
  await build({
    entryPoints: [join(envelope, 'src', 'contract.ts')],
    bundle: true,
    format: 'esm',
    outfile,
    plugins: [MADE_CHECKS],
  })
  const made: { strictCheck: typeof strictCheck; lenientCheck: typeof lenientCheck } = await import(outfile)
  const bodies = globSync(join(envelope, 'test', 'golden', 'valid', '*.json')).map((path): { type: EnvelopeType } =>
    JSON.parse(readFileSync(path, 'utf8')),
  )
  let number = 1
  // A linear congruential generator (Numerical Recipes, section 7.1): the same mutations in each run.
  const next = (): number => {
    number = (number * 1_664_525 + 1_013_904_223) % 2 ** 32
    return number >>> 8
  }
  let refused = 0
  for (const body of bodies) {
    for (let times = 0; times < 100; times++) {
      const mutated = mutateJson(body, next)
      const problem = strictCheck(body.type)(mutated)
      expect(made.strictCheck(body.type)(mutated)).toBe(problem)
      expect(made.lenientCheck(body.type)(mutated)).toBe(lenientCheck(body.type)(mutated))
      if (problem !== null) refused++
    }
  }
  expect(refused).toBeGreaterThan(bodies.length)
})
