import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Fault } from './faults.ts'
import type { SeedReport } from './run.ts'

const RUN = join(import.meta.dirname, 'run.ts')
const HOOK = join(import.meta.dirname, 'mutations/hook.ts')

/** Which seeds one process runs: `count` of them, from `first` on. */
export interface SeedSeries {
  first: number
  count: number
  step?: number
  /** The n-th seed is the n-th crash of a sweep. */
  isSweep?: boolean
  /** These go wrong, and nothing else. */
  only?: readonly Fault[]
  /** A rule of the product to switch off; the process then ends at the first broken promise. */
  mutation?: string
}

/** Runs seeds in a process of their own, as plain TypeScript, which is faster than within a test runner. */
export async function runSeeds(
  { first, count, step = 1, isSweep = false, only, mutation }: SeedSeries,
  onReport: (report: SeedReport) => void,
): Promise<void> {
  const hook = mutation === undefined ? [] : ['--import', HOOK]
  const without = mutation === undefined ? [] : ['--mutation', mutation, '--until-broken']
  const sweep = isSweep ? ['--sweep'] : []
  const faults = only === undefined ? [] : ['--only', only.join(',')]
  const numbers = [`--seed=${first}`, `--seeds=${count}`, `--step=${step}`]
  const args = ['-C', '@kafclaw/source', ...hook, RUN, '--json', ...numbers, ...sweep, ...faults, ...without]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  let trouble = ''
  child.stderr.on('data', (text: Buffer) => {
    trouble += text
  })
  for await (const line of createInterface({ input: child.stdout })) onReport(JSON.parse(line))
  const code = await exit
  if (code !== 0 && code !== 1) throw new Error(`seeds from ${first} on ended with ${code}:\n${trouble}`)
}
