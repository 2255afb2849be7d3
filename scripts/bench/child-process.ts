import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Usage } from './usage.ts'

const READY_MS = 60_000

/** Starts a script of this folder as a process of its own and waits until it says that it is ready. */
export async function startChild(
  script: string,
  options: { args?: readonly string[]; variables?: Record<string, string> } = {},
): Promise<ChildProcess> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = fork(file, [...(options.args ?? [])], {
    execArgv: ['-C', '@kafclaw/source', '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, ...options.variables },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${script} was not ready within ${READY_MS / 1000} s`)), READY_MS)
    child.once('message', () => {
      clearTimeout(timer)
      resolve()
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`${script} ended with ${code} before it was ready`))
    })
  })
  return child
}

/** What the child has used so far; a child under measurement answers any message with that. */
export async function usageOf(child: ChildProcess, asked: 'usage' | 'collect' = 'usage'): Promise<Usage> {
  const answer = new Promise<Usage>((resolve) => child.once('message', resolve))
  child.send(asked)
  return answer
}

/** CPU time that the child has used so far, microseconds. */
export async function cpuOf(child: ChildProcess): Promise<number> {
  const { user, system } = await usageOf(child)
  return user + system
}

/** Resolves when the child uses less than a tenth of a core; a minute at most. */
export async function untilIdle(child: ChildProcess): Promise<void> {
  for (let rest = 300; rest > 0; rest--) {
    const before = await cpuOf(child)
    await sleep(200)
    if ((await cpuOf(child)) - before < 20_000) return
  }
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}
