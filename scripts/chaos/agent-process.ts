import { type ChildProcess, spawn } from 'node:child_process'

/** A service as a process of its own, that can be killed, stopped in its tracks and started again. */
export interface AgentProcess {
  /** Starts it again after its end. */
  start(): void
  /** Resolves when the process that runs now has said that it takes tasks. */
  ready(): Promise<void>
  /** kill -9 and the wait for its end. */
  kill(): Promise<void>
  /** SIGTERM and the wait for its end; the exit code. */
  stop(): Promise<number | null>
  freeze(): void
  thaw(): void
  isRunning(): boolean
  /** The exit code of the process that runs now, when it ends; null after a signal. */
  ended(): Promise<number | null>
}

/** Nothing is started yet. `variables` are added to those of this process. */
export function createAgentProcess(script: string, variables: Record<string, string>): AgentProcess {
  let child: ChildProcess | null = null
  let ended: Promise<number | null> = Promise.resolve(null)
  let ready: Promise<void> = Promise.resolve()
  function end(signal: NodeJS.Signals): Promise<number | null> {
    child?.kill(signal)
    return ended
  }
  return {
    start() {
      const started = spawn(process.execPath, [script], {
        env: { ...process.env, ...variables },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      child = started
      // A run that ends by a fault of its own leaves nobody behind.
      const endWithUs = (): void => void started.kill('SIGKILL')
      process.once('exit', endWithUs)
      ended = new Promise((resolve) => {
        started.once('exit', (code) => {
          process.off('exit', endWithUs)
          if (child === started) child = null
          resolve(code)
        })
      })
      ready = new Promise((resolve) => started.once('message', () => resolve()))
    },
    ready: () => ready,
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    isRunning: () => child !== null,
    ended: () => ended,
  }
}
