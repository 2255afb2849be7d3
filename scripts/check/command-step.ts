import { spawn } from 'node:child_process'

export interface StepResult {
  /** Empty when all is well. */
  problems: string
}

/** Runs a tool of the workspace; what it says counts only when it fails. */
export function runTool(root: string, command: string, args: readonly string[]): Promise<StepResult> {
  const { promise, resolve } = Promise.withResolvers<StepResult>()
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  child.on('error', (error) => resolve({ problems: `${command}: ${error.message}` }))
  child.on('close', (code) =>
    resolve({ problems: code === 0 ? '' : output.trim() || `${command} ended with code ${code}` }),
  )
  return promise
}
