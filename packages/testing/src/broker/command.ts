import { spawn } from 'node:child_process'

export interface CommandResult {
  /** Exit code; null when the program could not be started or was killed. */
  code: number | null
  /** stdout and stderr as they came. */
  output: string
}

/** Runs a program to its end and returns what it said; a program that does not exist is a result too, not an error. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>()
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk
  })
  child.on('error', (error) => resolve({ code: null, output: error.message }))
  child.on('close', (code) => resolve({ code, output }))
  return promise
}
