import { parseArgs } from 'node:util'
import { benchWire } from './wire.ts'

const USAGE = `npm run -s bench -- <name> [--json]

  wire   a task over the wire against as many hops of plain kafkajs, same run, same broker
         --trips N    trips of each kind a round (300)      --tasks N   tasks of the throughput part (10000)
         --batch N    requests a batch (100)
  start  whole processes: agent -m and --help, median of 10
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    trips: { type: 'string', default: '300' },
    tasks: { type: 'string', default: '10000' },
    batch: { type: 'string', default: '100' },
  },
})

function print(figures: object): void {
  if (values.json) console.log(JSON.stringify(figures))
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(20)} ${value}`)
}

switch (positionals[0]) {
  case 'wire':
    print(await benchWire({ trips: Number(values.trips), tasks: Number(values.tasks), batch: Number(values.batch) }))
    process.exit(0)
    break
  case 'start': {
    const { benchStart } = await import('./start.ts')
    print(await benchStart())
    process.exit(0)
    break
  }
  default:
    process.stderr.write(USAGE)
    process.exit(2)
}
