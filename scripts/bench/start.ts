import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@kafclaw/testing'
import { median, round } from './figures.ts'

const RUNS = 10
const program = fileURLToPath(new URL('../../kafclaw', import.meta.url))

/** Whole processes from their start to their end, milliseconds, beside a bare `node -e 0` of the same run. */
export async function benchStart() {
  await using folder = await tempDir()
  const variables = { ...process.env, KAFCLAW_DATA_DIR: folder.path }
  const timed = (command: string, args: readonly string[]): number => {
    const startMs = performance.now()
    const { status, stderr } = spawnSync(command, args, {
      env: variables,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`)
    return performance.now() - startMs
  }
  const times = { agent: [] as number[], help: [] as number[], node: [] as number[] }
  for (let run = -1; run < RUNS; run++) {
    const agent = timed(program, ['agent', '-m', 'hello'])
    const help = timed(program, ['--help'])
    const node = timed(process.execPath, ['-e', '0'])
    // The first of each builds and warms the caches.
    if (run < 0) continue
    times.agent.push(agent)
    times.help.push(help)
    times.node.push(node)
  }
  const of = (samples: readonly number[]): number => round(median(samples), 1)
  return { agent_ms: of(times.agent), help_ms: of(times.help), node_ms: of(times.node), runs: RUNS }
}
