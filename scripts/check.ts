// Everything that a machine can say about the code without running it; one line per check.
import { dirname } from 'node:path'
import { checkBoundaries } from './check/boundaries.ts'
import { runTool, type StepResult } from './check/command-step.ts'
import { checkDocLinks } from './check/doc-links.ts'
import { checkNamedTests } from './check/named-tests.ts'
import { checkNetwork } from './check/network.ts'
import { checkOutsideWorld } from './check/outside-world.ts'
import { checkShape } from './check/shape.ts'
import { type Problem, type Rule, readSources } from './check/source-file.ts'
import { readCommandLine, refuse } from './command-line.ts'

const usage = (): string => `npm run -s check -- [--root FOLDER] [--only "NAME,NAME"]

The names are those of its lines, such as "dead code".
`
const { values } = readCommandLine({ options: { root: { type: 'string' }, only: { type: 'string' } } }, usage)
const root = values.root ?? dirname(import.meta.dirname)
const only = values.only?.split(',')

const sources = readSources(root)
const found = (problems: Problem[]): StepResult => ({
  problems: problems.map(({ path, line, message }) => `${path}:${line} ${message}`).join('\n'),
})
const rule = (check: Rule) => async () => found(sources.flatMap(check))
const tool =
  (command: string, ...args: string[]) =>
  () =>
    runTool(root, command, args)

const STEPS: Readonly<Record<string, () => Promise<StepResult>>> = {
  boundaries: rule(checkBoundaries),
  network: rule(checkNetwork),
  'outside world': rule(checkOutsideWorld),
  shape: rule(checkShape),
  'format and lint': tool('biome', 'ci', '--error-on-warnings', '--colors=off', '.'),
  types: tool('tsc', '--noEmit', '-p', '.'),
  'dead code': tool('knip', '--no-progress', '--no-config-hints'),
  'named tests': async () => found(checkNamedTests(root)),
  'doc links': async () => found(checkDocLinks(root)),
  'docs parity': tool('node', '-C', '@kafclaw/source', 'scripts/docs-parity.ts'),
}

const unknown = only?.find((name) => !Object.hasOwn(STEPS, name))
if (unknown !== undefined)
  refuse(`There is no check "${unknown}"; there are: ${Object.keys(STEPS).join(', ')}`, usage())

for (const [name, step] of Object.entries(STEPS)) {
  if (only && !only.includes(name)) continue
  const startedAt = performance.now()
  const { problems } = await step()
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`check ${name}: ${problems ? 'FAILED' : 'ok'} (${seconds} s)\n`)
  if (!problems) continue
  process.stdout.write(`${problems}\n`)
  process.exitCode = 1
}
