import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTool } from './command-step.ts'

const root = dirname(dirname(import.meta.dirname))
let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kafclaw-planted-'))
  for (const name of ['biome.json', '.gitignore', 'tsconfig.json']) await cp(join(root, name), join(scratch, name))
  await symlink(join(root, 'node_modules'), join(scratch, 'node_modules'))
  await plant('apps/planted/package.json', '{ "name": "@kafclaw/planted", "type": "module", "dependencies": {} }')
})

afterAll(() => rm(scratch, { recursive: true, force: true }))

async function plant(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(scratch, path)), { recursive: true })
  await writeFile(join(scratch, path), text)
}

async function check(only: string): Promise<string> {
  const node = process.execPath
  const result = await runTool(scratch, node, [join(root, 'scripts', 'check.ts'), '--root', scratch, '--only', only])
  return result.problems
}

describe('a break that is planted in a copy of the repository', () => {
  it('fails the check when an app imports kafkajs', async () => {
    await plant('apps/planted/src/kafka.ts', "export { Kafka } from 'kafkajs'\n")
    expect(await check('boundaries')).toContain('apps/planted/src/kafka.ts:1')
  })

  it('fails the check when a part reaches the network by itself, or opens a port', async () => {
    await plant('apps/planted/src/report.ts', "export const report = () => fetch('https://example.org/')\n")
    await plant('packages/planted/src/port.ts', "export { createServer } from 'node:http'\n")
    const problems = await check('network')
    expect(problems).toContain('apps/planted/src/report.ts:1 fetch')
    expect(problems).toContain('packages/planted/src/port.ts:1')
  })

  it('fails the check when docs/red-lines.md names a test that is not there, or has a commitment without one', async () => {
    await plant('apps/planted/test/x.test.ts', "it('is there', () => {})\n")
    await plant(
      'docs/red-lines.md',
      '## 1. One\n\n| test | in |\n|---|---|\n| is there | `apps/planted/test/x.test.ts` |\n| is gone | `apps/planted/test/x.test.ts` |\n| x | `apps/gone.test.ts` |\n\n## 2. Two\n',
    )
    const problems = await check('named tests')
    expect(problems).toContain('docs/red-lines.md:6 ')
    expect(problems).toContain('docs/red-lines.md:7 ')
    expect(problems).toContain('docs/red-lines.md:9 ')
    expect(problems).not.toContain('docs/red-lines.md:5 ')
  })

  it('fails the check when a service takes the time itself', async () => {
    await plant('apps/planted/src/clock.ts', 'export const startedMs = Date.now()\n')
    expect(await check('outside world')).toContain('apps/planted/src/clock.ts:1 Date.now')
  })

  it('fails the check when a function is too long', async () => {
    await plant('apps/planted/src/long.ts', `export function long() {\n${'  void 0\n'.repeat(80)}}\n`)
    expect(await check('shape')).toContain('apps/planted/src/long.ts:1')
  })

  it('fails the check when a page links to nothing', async () => {
    await plant(
      'docs/page.md',
      'See [the table](./missing.md#row), [this](page.md) and [that](https://example.org/x.md).\n',
    )
    expect(await check('doc links')).toMatch(/docs\/page\.md:1 links to \.\/missing\.md, which is not there$/m)
  })

  it('fails the check when the types do not fit', async () => {
    await plant('apps/planted/src/wrong.ts', "export const count: number = 'one'\n")
    expect(await check('types')).toContain('apps/planted/src/wrong.ts')
  })

  it.each([
    ['noFloatingPromises', 'async function work() {}\nexport function start() {\n  work()\n}\n'],
    [
      'useExhaustiveSwitchCases',
      "export function f(x: 'a' | 'b') {\n  switch (x) {\n    case 'a':\n      return 1\n  }\n}\n",
    ],
    ['noExplicitAny', 'export const x: any = 1\n'],
    ['noNonNullAssertion', 'export const f = (x: string | null) => x!.length\n'],
    ['noDefaultExport', 'export default 1\n'],
    ['noProcessEnv', "export const group = process.env['KAFCLAW_GROUP']\n"],
    ['noUndeclaredDependencies', "export { Type } from 'typebox'\n"],
    ['noUnusedVariables', 'const unused = 1\n'],
    ['noImportCycles', "import { b } from './other.ts'\nexport const a = () => b\n"],
    ['noReExportAll', "export * from './other.ts'\n"],
    ['format', 'export const x = "double quotes";\n'],
  ])('fails the check for %s', async (rule, text) => {
    const file = `apps/planted/src/${rule.toLowerCase()}.ts`
    await plant('apps/planted/src/other.ts', `import { a } from './noimportcycles.ts'\nexport const b = () => a\n`)
    await plant(file, text)
    const { problems } = await runTool(scratch, 'biome', ['ci', '--error-on-warnings', '--colors=off', file])
    expect(problems).toContain(rule)
    expect(problems).toContain(file)
  })
})
