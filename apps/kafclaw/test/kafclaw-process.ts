import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunningKafclaw {
  readonly pid: number
  stdout(): string
  stderr(): string
  kill(signal: NodeJS.Signals): void
  readonly finished: Promise<Finished>
}

export interface Place {
  dataDir: string
  variables?: Readonly<Record<string, string>>
}

/** Starts the command line as users do, a process of its own; nothing of this process's settings reaches it. */
export function startKafclaw(place: Place, args: readonly string[], input?: string): RunningKafclaw {
  const system = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAFCLAW_')))
  const child: ChildProcess = spawn(process.execPath, ['-C', '@kafclaw/source', MAIN, ...args], {
    env: { ...system, NODE_OPTIONS: '', KAFCLAW_DATA_DIR: place.dataDir, ...place.variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end(input ?? '')
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    finished,
  }
}

/** Runs one command to its end. */
export function kafclaw(place: Place, args: readonly string[], input?: string): Promise<Finished> {
  return startKafclaw(place, args, input).finished
}

/** Runs one command whose data is JSON; fails with what it said on stderr when it does not exit with `code`. */
export async function kafclawJson<T>(place: Place, args: readonly string[], code = 0): Promise<T> {
  const finished = await kafclaw(place, [...args, '-o', 'json'])
  if (finished.code !== code) throw new Error(`kafclaw ${args.join(' ')}: exit ${finished.code}\n${finished.stderr}`)
  return JSON.parse(finished.stdout)
}
