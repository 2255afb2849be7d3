import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../apps/agent-worker/dist/main.js', import.meta.url))

/** A real agent worker as a process of its own, that can be killed and started again. */
export interface WorkerProcess {
  start(): void
  /** kill -9 and the wait for its end. */
  kill(): Promise<void>
  /** SIGTERM and the wait for its end; returns the exit code. */
  stop(): Promise<number | null>
}

export function createWorkerProcess(variables: Record<string, string>): WorkerProcess {
  let child: ChildProcess | null = null
  let ended: Promise<number | null> = Promise.resolve(null)
  function end(signal: NodeJS.Signals): Promise<number | null> {
    child?.kill(signal)
    return ended
  }
  return {
    start() {
      const started = spawn(process.execPath, [main], {
        env: { ...process.env, ...variables },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      child = started
      ended = new Promise((resolve) => started.once('exit', (code) => resolve(code)))
    },
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
  }
}
