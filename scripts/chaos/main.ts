import { parseArgs } from 'node:util'
import { chaosWorker } from './worker.ts'

const USAGE = `npm run -s chaos -- <fault> [--json]

  worker   one worker under load, kill -9 each 2 s and started again: nothing lost, nothing answered twice
           --tasks N (2000)   --rate N a second (100)   --kill-every-ms N (2000)   --lease-ms N (2000)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    tasks: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '100' },
    'kill-every-ms': { type: 'string', default: '2000' },
    'lease-ms': { type: 'string', default: '2000' },
  },
})

if (positionals[0] !== 'worker') {
  process.stderr.write(USAGE)
  process.exit(2)
}

const figures = await chaosWorker({
  tasks: Number(values.tasks),
  rate: Number(values.rate),
  killEveryMs: Number(values['kill-every-ms']),
  leaseMs: Number(values['lease-ms']),
})
if (values.json) console.log(JSON.stringify(figures))
else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(16)} ${value}`)
process.exit(figures.lost === 0 && figures.disagreements === 0 && figures.kills > 0 ? 0 : 1)
