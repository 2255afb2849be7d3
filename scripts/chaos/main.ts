import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { refuse } from '../command-line.ts'
import type { ChaosCase } from './case/chaos-case.ts'
import { readCase } from './case/read-case.ts'
import { type ChaosOptions, isCi, readOptions } from './options.ts'
import { runCase } from './run-case.ts'
import { renderTable } from './table.ts'
import type { Verdict } from './verdict.ts'

const OWN_CASES = join(import.meta.dirname, 'cases')

const USAGE = `npm run -s chaos -- all | <case> [options] [--json]

A case is a file: who takes part, what is asked, what goes wrong and when, and what has to hold (scripts/chaos/README.md).

  --cases DIR   case files of your own: DIR/*.json
  --tasks N   --rate N a second   --steps N   --step-ms N   --kill-every 1s   --lease 2s
  --share N     tasks and rate times N: as long, with less load

Cases of the programme, all of which "all" runs, and others:
`

function filesOf(folder: string): string[] {
  return globSync(join(folder, '*.json')).sort()
}

function find({ cases }: ChaosOptions, name: string): string | undefined {
  const folders = cases === null ? [OWN_CASES, join(OWN_CASES, 'group')] : [cases]
  return folders.map((folder) => join(folder, `${name}.json`)).find((path) => existsSync(path))
}

/** What cannot be read is said before anything has been waited for. */
function load(path: string, { overrides }: ChaosOptions): ChaosCase {
  try {
    return readCase(basename(path, '.json'), readFileSync(path, 'utf8'), overrides)
  } catch (error) {
    process.stderr.write(`${path}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(2)
  }
}

function describeCases(): string {
  const lines = [OWN_CASES, join(OWN_CASES, 'group')].map((folder) =>
    filesOf(folder)
      .map((path) => readCase(basename(path, '.json'), readFileSync(path, 'utf8')))
      .map(({ name, about }) => `  ${name.padEnd(18)} ${about}\n`)
      .join(''),
  )
  return lines.join('\n')
}

function print(verdicts: readonly Verdict[], { what, json }: ChaosOptions): void {
  const [only] = verdicts
  if (json) console.log(JSON.stringify(what === 'all' ? verdicts : only?.figures))
  else if (what === 'all') console.log(renderTable(verdicts))
  else for (const [name, value] of Object.entries(only?.figures ?? {})) console.log(`${name.padEnd(24)} ${value}`)
  if (what === 'all' && !json) return
  for (const { name, failures } of verdicts)
    for (const failure of failures) process.stderr.write(`failed: ${name}: ${failure}\n`)
}

// Ended from outside, it takes its processes with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const usage = (): string => `${USAGE}\n${describeCases()}`
const options = readOptions(usage)
const { what } = options
const paths = what === 'all' ? filesOf(options.cases ?? OWN_CASES) : [find(options, what ?? '')]
const files = paths.filter((path) => path !== undefined)
if (files.length === 0) {
  const where = options.cases === null ? '' : ` in ${options.cases}`
  refuse(what === undefined ? 'Which case?' : `There is no case "${what}"${where}.`, usage())
}
const startMs = performance.now()
const verdicts: Verdict[] = []
for (const chaosCase of files.map((path) => load(path, options))) {
  const verdict = await runCase(chaosCase, isCi)
  verdicts.push(verdict)
  if (what === 'all') process.stderr.write(`${JSON.stringify(verdict)}\n`)
}
print(verdicts, options)
if (what === 'all') process.stderr.write(`${Math.round((performance.now() - startMs) / 1000)} s\n`)
process.exit(verdicts.every(({ failures }) => failures.length === 0) ? 0 : 1)
