import { readCommandLine, refuse } from '../command-line.ts'
import { benchWire } from './wire.ts'

const USAGE = `npm run -s bench -- <name> [--json]

  wire   a task over the wire against as many hops of plain kafkajs, same run, same broker
         --trips N    trips of each kind a round (300)      --tasks N   tasks of the throughput part (10000)
         --batch N    requests a batch (100)
  scale  cost of a task with 1, 2 and 4 workers; memory and cost of one worker for N tasks in one go and for a tenth
         --tasks N    tasks of the large go (100000)
  journal  bytes on traces and in SQLite of runs of 10 to 10,000 steps over a long conversation, and the time to fold them
  resume   kill -9 to the next step of the run, on the same host and on another one
         --rounds N   kills of each kind (20)      --lease MS   lease of the zone (2000)
  start  whole processes: agent -m and --help, median of 10
`

const NUMBER = { type: 'string' } as const

const { values, positionals } = readCommandLine(
  {
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      trips: NUMBER,
      tasks: NUMBER,
      batch: NUMBER,
      rounds: NUMBER,
      lease: NUMBER,
    },
  },
  () => USAGE,
)

function numberOf(name: 'trips' | 'tasks' | 'batch' | 'rounds' | 'lease', missing: number): number {
  const text = values[name]
  if (text === undefined) return missing
  const number = Number(text)
  return Number.isInteger(number) && number > 0
    ? number
    : refuse(`--${name} ${text}: a whole number above 0 is needed`, USAGE)
}

function print(figures: object): void {
  if (values.json) console.log(JSON.stringify(figures))
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(20)} ${value}`)
}

switch (positionals[0]) {
  case 'wire':
    print(
      await benchWire({
        trips: numberOf('trips', 300),
        tasks: numberOf('tasks', 10_000),
        batch: numberOf('batch', 100),
      }),
    )
    process.exit(0)
    break
  case 'scale': {
    const { benchScale } = await import('./scale.ts')
    print(await benchScale({ tasks: numberOf('tasks', 100_000) }))
    process.exit(0)
    break
  }
  case 'journal': {
    const { benchJournal } = await import('./journal.ts')
    print(await benchJournal())
    process.exit(0)
    break
  }
  case 'resume': {
    const { benchResume } = await import('./resume.ts')
    print(await benchResume({ rounds: numberOf('rounds', 20), leaseMs: numberOf('lease', 2000) }))
    process.exit(0)
    break
  }
  case 'start': {
    const { benchStart } = await import('./start.ts')
    print(await benchStart())
    process.exit(0)
    break
  }
  default:
    refuse(positionals[0] === undefined ? 'Which one?' : `There is no benchmark "${positionals[0]}".`, USAGE)
}
