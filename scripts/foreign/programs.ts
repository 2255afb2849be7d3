import { spawn } from 'node:child_process'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A program of another language that runs until it is told to stop. */
export interface RunningProgram extends AsyncDisposable {
  /** It has printed `ready`; rejects when it ends before that. */
  ready: Promise<void>
  ended: Promise<Ended>
  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended>
}

export interface ProgramOptions {
  cwd?: string
  env?: Record<string, string>
  stdin?: string
}

/** Starts a program; what it prints is kept. */
export function startProgram(program: string, args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } })
  let stdout = ''
  let stderr = ''
  const ready = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<Ended>()
  // Whoever only waits for the end is not concerned by this one.
  ready.promise.catch(() => undefined)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.startsWith('ready\n')) ready.resolve()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.on('error', (error) => {
    stderr += error.message
    ended.resolve({ code: null, stdout, stderr })
  })
  child.on('close', (code) => ended.resolve({ code, stdout, stderr }))
  void ended.promise.then(() => ready.reject(new Error(`${program} ended before it was ready: ${stderr}`)))
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  const stop = (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal)
    return ended.promise
  }
  return {
    ready: ready.promise,
    ended: ended.promise,
    stop,
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL')
    },
  }
}

/** Runs a program to its end. */
export function runProgram(program: string, args: readonly string[], options?: ProgramOptions): Promise<Ended> {
  return startProgram(program, args, options).ended
}
