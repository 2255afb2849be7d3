import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const LAUNCHER = join(dirname(import.meta.dirname), 'kafclaw')
const BUILT_AT = new Date('2026-01-01T12:00:00Z')
const BEFORE = new Date('2026-01-01T11:00:00Z')
const AFTER = new Date('2026-01-01T13:00:00Z')

const MAIN = `
process.on('SIGTERM', () => process.exit(7))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() }))
if (process.argv[2] === 'fail') process.exitCode = 5
`

let checkout: string
const at = (path: string) => join(checkout, path)

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'kafclaw launcher '))
  const files = {
    'apps/kafclaw/dist/main.js': MAIN,
    'apps/kafclaw/src/main.ts': '',
    'packages/env/src/env.ts': '',
    'packages/storage/migrations/state.sql': '',
    'scripts/build/bundle-app.ts': '',
    // Stands in for the set-up, which other tests are about.
    'scripts/with-node.mjs': 'process.stderr.write("prepared")',
    'pnpm-lock.yaml': '',
    'node_modules/.kafclaw-installed': '',
    '.tools/built': '',
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(at(path)), { recursive: true })
    await writeFile(at(path), text)
  }
  await mkdir(at('.tools/bin'))
  await symlink(process.execPath, at('.tools/bin/node'))
  await cp(LAUNCHER, at('kafclaw'))
  for (const path of Object.keys(files)) await utimes(at(path), BEFORE, BEFORE)
  const folders = ['apps/kafclaw/src', 'packages/env/src', 'packages/storage/migrations', 'scripts/build']
  for (const path of folders) await utimes(at(path), BEFORE, BEFORE)
  await utimes(at('.tools/built'), BUILT_AT, BUILT_AT)
})

afterEach(() => rm(checkout, { recursive: true, force: true }))

function launch(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(at('kafclaw'), args, { encoding: 'utf8', cwd: tmpdir() })
  return { status, stdout, stderr }
}

describe('the launcher', () => {
  it('runs the bundle with all arguments, in the folder of the caller, and prepares nothing when all is current', () => {
    const { status, stdout, stderr } = launch('agent', '-m', 'two words', '')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ args: ['agent', '-m', 'two words', ''], cwd: tmpdir() })
  })

  it('passes the exit code on', () => {
    expect(launch('fail').status).toBe(5)
  })

  it('lets a signal reach the program itself', async () => {
    const child = spawn(at('kafclaw'), ['wait'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([7, null])
  })

  it('works through a symbolic link', async () => {
    const link = at('link to kafclaw')
    await symlink(at('kafclaw'), link)
    expect(spawnSync(link, ['fail']).status).toBe(5)
  })

  it.each([
    'apps/kafclaw/src/main.ts',
    'packages/env/src/env.ts',
    'packages/storage/migrations/state.sql',
    'scripts/build/bundle-app.ts',
    'scripts/with-node.mjs',
    'pnpm-lock.yaml',
  ])('prepares when %s is newer than the build', async (path) => {
    await utimes(at(path), AFTER, AFTER)
    expect(launch('x')).toMatchObject({ status: 0, stderr: 'prepared' })
  })

  it('prepares when a source was removed', async () => {
    await rm(at('packages/env/src/env.ts'))
    expect(launch('x').stderr).toBe('prepared')
  })

  it.each(['apps/kafclaw/dist/main.js', '.tools/built', 'node_modules/.kafclaw-installed', '.tools/bin/node'])(
    'prepares when %s is missing',
    async (path) => {
      await rm(at(path))
      expect(launch('x').stderr).toContain('prepared')
    },
  )

  it('stops with 1 when the preparation failed', async () => {
    await writeFile(at('scripts/with-node.mjs'), 'process.exit(3)')
    expect(launch('x')).toMatchObject({ status: 1, stdout: '' })
  })
})
