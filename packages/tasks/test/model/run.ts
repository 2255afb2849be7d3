import { parseArgs } from 'node:util'
import { isRuleName, OFF, RULES, withoutRule } from './rules.ts'
import { runSchedule } from './schedule.ts'

const USAGE = `Usage: node -C @kafclaw/source packages/tasks/test/model/run.ts [schedules] [--off <rule>] [--seed <first>] [--trace]

Runs the protocol through random schedules and counts the promises that were broken; exit code 1 when there were any.
  schedules   how many (default 20000); one when --trace is given
  --off       switches a rule off: ${Object.keys(OFF).join(', ')}
  --seed      the first seed (default 1)
  --trace     prints what happened in the schedule of that seed
`

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  off: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean' },
} as const

/** Null where there is something on the command line that is none of the options. */
function readArguments() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n`)
    return null
  }
}

function main(): number {
  const read = readArguments()
  if (read?.values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (read === null) {
    process.stderr.write(USAGE)
    return 2
  }
  const { values, positionals } = read
  const first = Number(values.seed ?? 1)
  const schedules = values.trace ? 1 : Number(positionals[0] ?? 20_000)
  const { off } = values
  if (!Number.isInteger(first) || !Number.isInteger(schedules) || (off !== undefined && !isRuleName(off))) {
    process.stderr.write(USAGE)
    return 2
  }
  const rules = off === undefined ? RULES : withoutRule(off)
  const counts = new Map<string, { count: number; seed: number }>()
  const reached = new Map<string, number>()
  let attempts = 0
  let outcomes = 0
  const startMs = Date.now()
  for (let seed = first; seed < first + schedules; seed++) {
    const verdict = runSchedule(seed, rules, { isTraced: values.trace === true })
    for (const line of verdict.trace) process.stdout.write(`${line}\n`)
    for (const kind of verdict.breaches.keys()) {
      const known = counts.get(kind) ?? { count: 0, seed }
      counts.set(kind, { ...known, count: known.count + 1 })
    }
    for (const [what, times] of verdict.reached) reached.set(what, (reached.get(what) ?? 0) + times)
    attempts += verdict.attempts
    if (verdict.hasOutcome) outcomes++
  }
  const seconds = (Date.now() - startMs) / 1000
  process.stdout.write(
    `${schedules} schedules in ${seconds.toFixed(1)} s: ${outcomes} outcomes, ${attempts} attempts\n`,
  )
  for (const [what, times] of reached) process.stdout.write(`  ${what}: ${times}\n`)
  for (const [kind, { count, seed }] of counts) process.stdout.write(`${kind}: ${count} (first seed ${seed})\n`)
  return counts.size > 0 ? 1 : 0
}

process.exitCode = main()
