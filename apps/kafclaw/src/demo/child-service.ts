import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'

export interface ChildService {
  readonly name: string
  /** Rejects when the process ends before it was stopped, with the last lines of its log. */
  readonly failed: Promise<never>
  /** SIGTERM, and SIGKILL when that does not end it in time. */
  stop(): Promise<void>
}

export interface ChildOptions {
  service: string
  /** The id under which it takes part; names its log file too. */
  id: string
  variables: NodeJS.ProcessEnv
  folder: string
  env: Env
}

const STOP_WITHIN_MS = 10_000
const LAST_CHARS = 2_000

/** Starts `kafclaw start <service>` as a process of its own, by the same Node and program as this one. Its log goes to a file. */
export function startChild({ service, id, variables, folder, env }: ChildOptions): ChildService {
  const logPath = join(folder, `${id}.log`)
  const log = openSync(logPath, 'a')
  const program = process.argv[1] ?? ''
  const child = spawn(process.execPath, [...process.execArgv, program, 'start', service], {
    env: variables,
    // The channel ends with this process, however it dies, and the child with the channel.
    stdio: ['ignore', 'ignore', log, 'ipc'],
  })
  closeSync(log)
  const exited = once(child, 'exit')
  let stopping = false
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  const fail = (why: string): void => {
    if (stopping) return
    const lastWords = readFileSync(logPath, 'utf8').slice(-LAST_CHARS).trim()
    failed.reject(new AppError('KC_DEMO_FAILED', `${id} (${service}) ${why}; its last words:\n${lastWords}`))
  }
  child.on('exit', (code, signal) => fail(`has ended with ${signal ?? `exit code ${code}`}`))
  child.on('error', (error) => fail(`could not be started: ${error.message}`))
  return {
    name: `${service} ${id}`,
    failed: failed.promise,
    async stop() {
      stopping = true
      await end(child, exited, env)
    },
  }
}

async function end(child: ChildProcess, exited: Promise<unknown>, env: Env): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const gone = new AbortController()
  const late = sleep(env, STOP_WITHIN_MS, gone.signal).then(() => {
    if (!gone.signal.aborted) child.kill('SIGKILL')
  })
  await exited
  gone.abort()
  await late
}
