import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { freeze } from '@kafclaw/testing'

/** A service as a process of its own, that can be killed, stopped in its tracks and started again. */
export interface AgentProcess {
  /** Starts it again after its end. */
  start(): void
  /** Resolves when the process that runs now takes tasks; rejects when it ends before. */
  ready(): Promise<void>
  /** kill -9 and the wait for its end. */
  kill(): Promise<void>
  /** SIGTERM and the wait for its end; the exit code. */
  stop(): Promise<number | null>
  freeze(): Promise<void>
  thaw(): void
  isRunning(): boolean
  /** The exit code of the process that runs now, when it ends; null after a signal. */
  ended(): Promise<number | null>
  send(message: object): void
  /** Hears what any process of this service says. */
  onMessage(listen: (message: unknown) => void): void
}

/** A service that is not ready by then never will be. */
const LONGEST_START_MS = 120_000

/** What every service writes to its log when it takes tasks. */
const READY = / is ready"/

/** Nothing is started yet. `variables` are added to those of this process; what it writes is added to the file. */
export function createAgentProcess(
  script: string,
  { variables, logPath }: { variables: Record<string, string>; logPath: string },
): AgentProcess {
  let child: ChildProcess | null = null
  let ended: Promise<number | null> = Promise.resolve(null)
  let ready: Promise<void> = Promise.resolve()
  const listeners: Array<(message: unknown) => void> = []

  function end(signal: NodeJS.Signals): Promise<number | null> {
    child?.kill(signal)
    return ended
  }

  return {
    start() {
      const log = createWriteStream(logPath, { flags: 'a' })
      const started = spawn(process.execPath, [script], {
        env: { ...process.env, ...variables },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
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
      started.on('message', (message) => {
        for (const listen of listeners) listen(message)
      })
      ready = new Promise((resolve, reject) => {
        const notReady = (why: string): void => reject(new Error(`${script} ${why}, see ${logPath}`))
        setTimeout(() => notReady(`was not ready after ${LONGEST_START_MS / 1000} s`), LONGEST_START_MS).unref()
        started.once('exit', (code, signal) => notReady(`ended (${code ?? signal})`))
        for (const stream of [started.stdout, started.stderr]) {
          if (!stream) continue
          createInterface({ input: stream }).on('line', (line) => {
            log.write(`${line}\n`)
            if (READY.test(line)) resolve()
          })
        }
      })
      // Heard by those who wait for it.
      ready.catch(() => undefined)
    },
    ready: () => ready,
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    async freeze() {
      if (child?.pid !== undefined) await freeze(child.pid)
    },
    thaw: () => void child?.kill('SIGCONT'),
    isRunning: () => child !== null,
    ended: () => ended,
    send: (message) => void child?.send(message),
    onMessage: (listen) => void listeners.push(listen),
  }
}
