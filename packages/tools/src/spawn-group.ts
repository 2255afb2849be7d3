import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'

export interface SpawnGroupOptions {
  env: Env
  /** Ends the process and everything that it has started. */
  signal: AbortSignal
  args?: readonly string[]
  cwd?: string
  /** The whole environment of the process; by default it gets none of ours. */
  variables?: Readonly<Record<string, string>>
  input?: string
  /** Hears what the program writes as it comes. */
  onStdout?(text: string): void
  /** Most bytes kept of each output; the rest is read and dropped. Default 1 MiB. */
  mostBytes?: number
  /** Between the request to end and the end by force, default 2,000 ms. */
  graceMs?: number
}

export interface SpawnResult {
  /** Null when a signal ended it. */
  exitCode: number | null
  stdout: string
  stderr: string
}

const MOST_BYTES = 1024 * 1024
const GRACE_MS = 2000

/**
 * Runs a program as the head of a process group of its own, so that an abort ends its children too: SIGTERM for the group,
 * SIGKILL after the grace time. Resolves when it has ended; rejects with the reason of the signal on abort, and with
 * KC_TOOL_FAILED when it cannot be started.
 */
export async function spawnGroup(program: string, options: SpawnGroupOptions): Promise<SpawnResult> {
  const { env, signal, mostBytes = MOST_BYTES } = options
  signal.throwIfAborted()
  const child = spawn(program, options.args ?? [], {
    detached: true,
    cwd: options.cwd,
    env: { ...options.variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stdout = collect(child.stdout, mostBytes)
  const decoder = new StringDecoder('utf8')
  if (options.onStdout) child.stdout.on('data', (part: Buffer) => options.onStdout?.(decoder.write(part)))
  const stderr = collect(child.stderr, mostBytes)
  const closed = Promise.withResolvers<number | null>()
  child.on('close', (code) => closed.resolve(code))
  child.on('error', (cause) => {
    const message = `${program} could not be started: ${cause.message}. Check that it is installed and may be run.`
    closed.reject(new AppError('KC_TOOL_FAILED', message, { cause }))
  })
  // A program that does not read its input ends the pipe; that is no error of the call.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const over = new AbortController()
  const ending = { env, over: over.signal, graceMs: options.graceMs ?? GRACE_MS }
  const end = (): void => void endGroup(child.pid, ending)
  // Before the output is closed: what the program has left behind may hold it open for as long as it likes.
  child.on('exit', () => void closeOutput(child, ending))
  signal.addEventListener('abort', end, { once: true })
  try {
    const exitCode = await closed.promise
    signal.throwIfAborted()
    return { exitCode, stdout: stdout(), stderr: stderr() }
  } finally {
    signal.removeEventListener('abort', end)
    over.abort()
  }
}

interface Ending {
  env: Env
  over: AbortSignal
  graceMs: number
}

/** What the program has left behind ends with it; for what has left its group nobody waits. */
async function closeOutput(
  { pid, stdout, stderr }: { pid?: number | undefined; stdout: Readable; stderr: Readable },
  { env, over, graceMs }: Ending,
): Promise<void> {
  kill(pid, 'SIGKILL')
  await sleep(env, graceMs, over)
  stdout.destroy()
  stderr.destroy()
}

async function endGroup(pid: number | undefined, { env, over, graceMs }: Ending): Promise<void> {
  kill(pid, 'SIGTERM')
  await sleep(env, graceMs, over)
  if (!over.aborted) kill(pid, 'SIGKILL')
}

/** The group has the number of its head; when nobody is left in it there is nothing to do. */
function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: the group is gone.
  }
}

function collect(stream: NodeJS.ReadableStream, mostBytes: number): () => string {
  const parts: Buffer[] = []
  let bytes = 0
  stream.on('data', (part: Buffer) => {
    if (bytes < mostBytes) parts.push(part.subarray(0, mostBytes - bytes))
    bytes += part.length
  })
  return () => Buffer.concat(parts).toString('utf8')
}
