import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { expect, it, vi } from 'vitest'
import { spawnGroup } from './spawn-group.ts'

const env = createSystemEnv()
const PATIENCE = { timeout: 20_000, interval: 20 }

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

it('gives what a program wrote and how it ended', async () => {
  const options = {
    env,
    signal: new AbortController().signal,
    args: ['-c', 'cat; echo oops >&2; exit 3'],
    input: 'hello',
  }
  expect(await spawnGroup('/bin/sh', options)).toEqual({ exitCode: 3, stdout: 'hello', stderr: 'oops\n' })
})

it('ends the children of the program too, also those that do not listen to SIGTERM', async () => {
  const controller = new AbortController()
  const script = `trap '' TERM; (trap '' TERM; echo $$; while :; do /bin/sleep 0.1; done) & echo $!; wait; while :; do /bin/sleep 0.1; done`
  let pids: number[] = []
  const folder = mkdtempSync(join(tmpdir(), 'kafclaw-spawn-'))
  const running = spawnGroup('/bin/sh', {
    env,
    signal: controller.signal,
    args: ['-c', `(${script}) > ${folder}/pids`],
    graceMs: 100,
  })
  await vi.waitFor(() => {
    pids = readFileSync(`${folder}/pids`, 'utf8').trim().split('\n').map(Number)
    expect(pids).toHaveLength(2)
  }, PATIENCE)
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), PATIENCE)
  rmSync(folder, { recursive: true })
})

it('says what is wrong when the program is not there', async () => {
  const started = spawnGroup('/nowhere/program', { env, signal: new AbortController().signal })
  await expect(started).rejects.toMatchObject({ code: 'KC_TOOL_FAILED' })
})

it('has ended when the program has, whatever it has left behind with its output open', async () => {
  const signal = new AbortController().signal
  const args = ['-c', '/bin/sleep 600 & echo $!']
  const { exitCode, stdout } = await spawnGroup('/bin/sh', { env, signal, args })
  expect(exitCode).toBe(0)
  await vi.waitFor(() => expect(isAlive(Number(stdout))).toBe(false), PATIENCE)
})

it('does not wait for a process that has left the group with the output of the program', async () => {
  const script = `const { spawn } = require('node:child_process')
    const left = spawn('/bin/sleep', ['600'], { detached: true, stdio: 'inherit' })
    left.unref()
    console.log(left.pid)`
  const signal = new AbortController().signal
  const { stdout } = await spawnGroup(process.execPath, { env, signal, args: ['-e', script], graceMs: 100 })
  process.kill(Number(stdout))
  expect(stdout).toMatch(/^\d+\n$/)
})

it('keeps characters whole, wherever the parts of the output begin', async () => {
  const heard: string[] = []
  const script = `const bytes = Buffer.from('é')
    process.stdout.write(bytes.subarray(0, 1), () => setTimeout(() => process.stdout.write(bytes.subarray(1)), 200))`
  const { stdout } = await spawnGroup(process.execPath, {
    env,
    signal: new AbortController().signal,
    args: ['-e', script],
    onStdout: (text) => heard.push(text),
  })
  expect(heard.join('')).toBe('é')
  expect(stdout).toBe('é')
})
