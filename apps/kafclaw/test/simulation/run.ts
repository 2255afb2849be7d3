import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { FAULTS } from './faults.ts'
import { isMutationName, MUTATIONS, rulesWithout } from './mutations/mutations.ts'
import { crashOf, createSweep, SWEEP_SEED } from './script.ts'
import { simulate, type Verdict } from './simulate.ts'
import { isCrash } from './simulated-disk.ts'

const USAGE = `Usage: node -C @kafclaw/source apps/kafclaw/test/simulation/run.ts [--seed N] [--seeds COUNT] [--step N] [--sweep] [--only FAULTS] [--mutation NAME] [--until-broken] [--trace] [--json]

Runs a whole group on a virtual clock, with everything going wrong that a seed draws, and judges what lies on the log.
Exit code 1 when a promise was broken.
  --seed    the first seed (default 1)
  --seeds   how many (default 1)
  --step    from one seed to the next (default 1)
  --sweep   seeds are not drawn from: the n-th is a crash at the n-th call of agents that work on one task
  --only    what goes wrong, and nothing else: ${FAULTS.join(',')}
  --mutation a rule of the product to switch off; those that change a source need --import ./mutations/hook.ts as well:
            ${Object.keys(MUTATIONS).join('; ')}
  --until-broken  stops at the first seed that breaks a promise
  --trace   prints what happened
  --json    one line of JSON for each seed
`

/** One line for each seed that was run, for whoever has started this process. */
export interface SeedReport {
  seed: number
  ms: number
  breaches: Array<[kind: string, why: string]>
  reached: Record<string, number>
  faults: string[]
  /** SHA-256 of the log. */
  log: string
}

function readArguments() {
  return parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string', default: '1' },
      step: { type: 'string', default: '1' },
      'until-broken': { type: 'boolean', default: false },
      sweep: { type: 'boolean', default: false },
      only: { type: 'string' },
      mutation: { type: 'string' },
      trace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  }).values
}

/** Null where there is something on the command line that is none of the options. */
function tryReadArguments(): ReturnType<typeof readArguments> | null {
  try {
    return readArguments()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n`)
    return null
  }
}

async function main(): Promise<number> {
  const values = tryReadArguments()
  if (values?.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (values === null) {
    process.stderr.write(USAGE)
    return 2
  }
  const [first = 0, count = 0, step = 0] = [values.seed, values.seeds, values.step].map(Number)
  const isKnown = values.mutation === undefined || isMutationName(values.mutation)
  if (!isKnown || ![first, count, step].every((value) => Number.isInteger(value) && value > 0)) {
    process.stderr.write(USAGE)
    return 2
  }
  let broken = 0
  let totalMs = 0
  for (let index = 0; index < count; index++) {
    const report = await runSeed(first + index * step, values)
    totalMs += report.ms
    if (report.breaches.length > 0) broken++
    if (broken > 0 && values['until-broken']) break
  }
  if (!values.json)
    process.stdout.write(`${count} seeds, ${broken} broken, ${Math.round(totalMs / count)} ms for each\n`)
  return broken > 0 ? 1 : 0
}

interface RunOptions {
  trace: boolean
  json: boolean
  sweep: boolean
  only?: string | undefined
  mutation?: string | undefined
}

async function runSeed(seed: number, { trace, json, sweep, only, mutation }: RunOptions): Promise<SeedReport> {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  const startMs = performance.now()
  const what = sweep ? { seed: SWEEP_SEED, script: createSweep(crashOf(seed)) } : { seed }
  const faults = only === undefined ? {} : { only: FAULTS.filter((fault) => only.split(',').includes(fault)) }
  const verdict = await simulate({ ...what, ...faults, isTraced: trace, ...rulesWithout(mutation) })
  // Rejections that nobody has taken are told when the queue of ticks is empty.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  const report = { ...toReport(verdict, performance.now() - startMs), seed }
  const left = unhandled.find((error) => !isCrash(error))
  // In a process of its own it would end the service.
  if (left) report.breaches.push(['a promise was left alone', left instanceof Error ? `${left.stack}` : String(left)])
  if (trace) process.stdout.write(`${verdict.trace.join('\n')}\n`)
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else if (report.breaches.length > 0) process.stdout.write(describe(report))
  return report
}

function toReport({ breaches, reached, faults, log }: Verdict, ms: number): Omit<SeedReport, 'seed'> {
  return {
    ms,
    breaches: [...breaches],
    reached: Object.fromEntries(reached),
    faults: Object.entries(faults).flatMap(([fault, isDrawn]) => (isDrawn ? [fault] : [])),
    log: createHash('sha256').update(log).digest('hex'),
  }
}

function describe({ seed, breaches, faults }: SeedReport): string {
  return `seed ${seed} (${faults.join(', ')})\n${breaches.map(([kind, why]) => `  ${kind}: ${why}\n`).join('')}`
}

process.exitCode = await main()
