import { readOptions } from './options.ts'
import type { Verdict } from './verdict.ts'

const USAGE = `npm run -s chaos -- <fault> [options] [--json]

  worker         one worker, kill -9 each 2 s
  workers        four workers, kill -9 of a random one each second
  takeover       a worker killed for good with running tasks
  orchestrators  none, one and two orchestrators, killed and started again each 5 s
  poison         a bad record for every five good ones
  asleep         a worker stopped and one cut off for three leases; an agent id used twice
  disks          all SQLite files of all services lost at once
  broker         the broker killed and away for 20 s

  --tasks N   --rate N a second   --steps N   --step-ms N   --kill-every 1s   --lease 2s
`

const args = process.argv.slice(2)
const [fault, ...rest] = args

async function run(): Promise<Verdict | null> {
  switch (fault) {
    case 'worker':
      return (await import('./worker.ts')).chaosWorker(options({ rate: '100', 'kill-every': '2s' }))
    case 'workers':
      return (await import('./workers.ts')).chaosWorkers(options({}))
    case 'takeover':
      return (await import('./takeover.ts')).chaosTakeover(options({ tasks: '50' }))
    case 'orchestrators':
      return (await import('./orchestrators.ts')).chaosOrchestrators(
        options({ tasks: '4500', rate: '100', 'kill-every': '5s' }),
      )
    case 'poison':
      return (await import('./poison.ts')).chaosPoison(options({ tasks: '5000', rate: '100', steps: '1' }))
    case 'asleep':
      return (await import('./asleep.ts')).chaosAsleep(options({ tasks: '1000', 'step-ms': '200ms' }))
    case 'disks':
      return (await import('./disks.ts')).chaosDisks(options({ tasks: '1000' }))
    case 'broker':
      return (await import('./broker.ts')).chaosBroker(options({ tasks: '2000' }))
    default:
      return null
  }
}

function options(defaults: Parameters<typeof readOptions>[1]): ReturnType<typeof readOptions> {
  return readOptions(rest, defaults)
}

// Ended from outside, it takes its processes with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const verdict = await run()
if (!verdict) {
  process.stderr.write(USAGE)
  process.exit(fault === '--help' ? 0 : 2)
}
if (args.includes('--json')) console.log(JSON.stringify(verdict.figures))
else for (const [name, value] of Object.entries(verdict.figures)) console.log(`${name.padEnd(24)} ${value}`)
for (const failure of verdict.failures) process.stderr.write(`failed: ${failure}\n`)
process.exit(verdict.failures.length === 0 ? 0 : 1)
